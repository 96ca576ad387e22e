import type { ForwardedProps } from '../agent/wire'
import type { Agent, Model, Output, Profile, Thinking, Tool } from '../api/types'
import { type Choice, NO_CHOICE } from './choice'
import { type MediaContext, mediaProps } from './media-choices'

export const TOOLS: { tool: Tool; label: string }[] = [
  { tool: 'search', label: 'Search' },
  { tool: 'code', label: 'Code' },
  { tool: 'url', label: 'Web pages' },
  { tool: 'maps', label: 'Google Maps' },
]

export const THINKING: Record<Thinking, string> = {
  auto: 'Auto',
  minimal: 'Minimal',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  xhigh: 'Highest',
}

export type EffectiveOptions = ReturnType<typeof effectiveOptions>

type Defaults = Pick<Profile, 'ai_model' | 'tools' | 'thinking' | 'voice'> | null

/** A choice with the profile's word where it has none of its own, as far as the model goes along. */
export function effectiveOptions(choice: Choice, me: Defaults, models: Model[]) {
  const modelId = choice.model ?? me?.ai_model ?? ''
  const model = models.find(({ id }) => id === modelId)
  const levels: Thinking[] = ['auto', ...(model?.thinking ?? [])]
  const thinking = choice.thinking ?? me?.thinking ?? 'auto'
  return {
    modelId,
    model,
    tools: choice.tools ?? me?.tools ?? [],
    levels,
    thinking: levels.includes(thinking) ? thinking : ('auto' as const),
    voice: choice.voice ?? me?.voice ?? '',
  }
}

/** A tool added or taken away, in the order the server names them. */
export function toggled(tools: Tool[], tool: Tool): Tool[] {
  return TOOLS.map((each) => each.tool).filter((each) => tools.includes(each) !== (each === tool))
}

/** What goes out with a message; of pictures and speech only what the key's models take. */
export function propsOf(choice: Choice, context: MediaContext): ForwardedProps {
  const { agent, output, model, tools, thinking, voice } = choice
  const chosen = Object.entries({ output, model, tools, thinking, voice }).filter(
    ([, value]) => value !== null,
  )
  return {
    agent,
    ...(Object.fromEntries(chosen) as Omit<ForwardedProps, 'agent'>),
    ...mediaProps(choice, context),
  }
}

export interface AgentOption {
  value: string
  label: string
  agent: string
  output: Output | null
}

const OUTPUTS: Record<Output, string> = {
  image: 'picture',
  speech: 'speech',
  video: 'video',
  text: 'look and listen',
}

export const agentOptionValue = ({ agent, output }: Pick<Choice, 'agent' | 'output'>) =>
  output === null ? agent : `${agent}/${output}`

/** Who can answer: the team, its head alone, and each agent; one of many arts once for each. */
export function agentOptions(agents: Agent[]): AgentOption[] {
  const entry = (agent: string, label: string, output: Output | null = null) => {
    return { value: agentOptionValue({ agent, output }), label, agent, output }
  }
  const each = agents.flatMap(({ name, label, outputs }) => {
    if (outputs.length < 2) return [entry(name, label)]
    const short = label.replace(/ agent$/i, '')
    const known = (Object.keys(OUTPUTS) as Output[]).filter((output) => outputs.includes(output))
    return known.map((output) => entry(name, `${short}: ${OUTPUTS[output]}`, output))
  })
  return [entry('auto', 'Team decides'), ...each, entry('direct', 'Answer directly')]
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

const KEY = 'chatproject.choices'
const MOST_THREADS = 200

/** The choices of each thread, kept in the browser; those of the threads changed last. */
export class PinnedChoices {
  constructor(private readonly store: Store) {}

  get(threadId: string): Choice {
    return { ...NO_CHOICE, ...this.read().find(([id]) => id === threadId)?.[1] }
  }

  set(threadId: string, choice: Choice): void {
    const others = this.read().filter(([id]) => id !== threadId)
    const chosen = Object.entries(choice).filter(
      ([name, value]) => value !== NO_CHOICE[name as keyof Choice],
    )
    const rows = chosen.length === 0 ? others : [[threadId, Object.fromEntries(chosen)], ...others]
    this.store.setItem(KEY, JSON.stringify(rows.slice(0, MOST_THREADS)))
  }

  clear(): void {
    this.store.removeItem(KEY)
  }

  private read(): [string, Partial<Choice>][] {
    try {
      const rows: unknown = JSON.parse(this.store.getItem(KEY) ?? '[]')
      return Array.isArray(rows) ? rows.filter(isRow) : []
    } catch {
      return []
    }
  }
}

const isRow = (row: unknown): row is [string, Partial<Choice>] =>
  Array.isArray(row) && typeof row[0] === 'string' && isChoice(row[1])

/** Storage outlives the page that wrote it, so what it holds is validated before use. */
function isChoice(value: unknown): value is Partial<Choice> {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(([name, stored]) =>
    name === 'tools' ? Array.isArray(stored) && stored.every(isText) : isText(stored),
  )
}

const isText = (value: unknown) => typeof value === 'string'
