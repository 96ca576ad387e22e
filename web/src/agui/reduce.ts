import type {
  AgEvent,
  DelegationPart,
  DelegationStatus,
  LanePart,
  Part,
  ReasoningPart,
  RunView,
  TextPart,
} from './frames'
import type { Parsed } from './parse'

export function emptyRun(runId: string): RunView {
  return { runId, status: 'waiting', parts: [], usage: [] }
}

export function isOver(view: RunView): boolean {
  return view.status === 'done' || view.status === 'cancelled' || view.status === 'failed'
}

/**
 * Folds one parsed event into the view of its run. Pure: untouched parts keep their identity, so
 * only what changed is drawn again. What cannot be understood ends the view with an error, for a
 * half-right answer must not look like a whole one.
 */
export function reduce(view: RunView, parsed: Parsed): RunView {
  if (isOver(view) || parsed.kind === 'unknown') return view
  if (parsed.kind === 'malformed') return unreadable(view, `${parsed.type}.${parsed.field}`)
  try {
    return apply(view, parsed.event)
  } catch (error) {
    if (error instanceof OutOfOrder) return unreadable(view, error.message)
    throw error
  }
}

export function reduceAll(view: RunView, parsed: Iterable<Parsed>): RunView {
  let next = view
  for (const one of parsed) next = reduce(next, one)
  return next
}

class OutOfOrder extends Error {}

function unreadable(view: RunView, where: string): RunView {
  const message = `Part of this answer could not be read (${where}). Load it again to see what was stored.`
  return ended(view, 'failed', { error: { code: 'unreadable', message } })
}

function apply(view: RunView, event: AgEvent): RunView {
  switch (event.type) {
    case 'RUN_STARTED':
      return { ...view, status: 'running' }
    case 'RUN_FINISHED': {
      const status = event.outcome === 'cancelled' ? 'cancelled' : 'done'
      const cut = event.cutShort === undefined ? {} : { cutShort: event.cutShort }
      return ended(view, status, { usage: event.usage, ...cut })
    }
    case 'RUN_ERROR':
      return ended(view, 'failed', { usage: event.usage, error: event.failure })
    case 'TEXT_MESSAGE_START':
      return add(view, event, { kind: 'text', id: event.messageId, text: '', open: true })
    case 'REASONING_MESSAGE_START':
      return add(view, event, { kind: 'reasoning', id: event.messageId, text: '', open: true })
    case 'TEXT_MESSAGE_CONTENT':
      return append(view, event, 'text')
    case 'REASONING_MESSAGE_CONTENT':
      return append(view, event, 'reasoning')
    case 'TEXT_MESSAGE_END':
      return close(view, event, 'text')
    case 'REASONING_MESSAGE_END':
      return close(view, event, 'reasoning')
    case 'REASONING_START':
    case 'REASONING_END':
      return view
    case 'ACTIVITY_SNAPSHOT':
      return upsert(view, event)
    case 'CUSTOM':
      return { ...view, account: event.account }
    default:
      return delegate(view, event)
  }
}

/** Not a failure of the agent: somebody, or the end of the server, cut it off. */
const STOPPED = new Set(['interrupted', 'cancelled'])

type DelegationEvent = Extract<AgEvent, { type: `TOOL_CALL_${string}` | `SUBAGENT_${string}` }>

function delegate(view: RunView, event: DelegationEvent): RunView {
  switch (event.type) {
    case 'TOOL_CALL_START':
      return { ...view, parts: [...view.parts, called(event.toolCallId, event.toolCallName)] }
    case 'TOOL_CALL_ARGS':
      return inCall(view, event.toolCallId, (call) => ({ ...call, args: call.args + event.delta }))
    case 'TOOL_CALL_END':
      return inCall(view, event.toolCallId, (call) => ({ ...call, ...parseArguments(call.args) }))
    case 'TOOL_CALL_RESULT':
      return inCall(view, event.toolCallId, (call) => withResult(call, event.content))
    case 'SUBAGENT_STARTED':
      return subagentStarted(view, event)
    case 'SUBAGENT_FINISHED':
      return inSubagent(view, event.subagentRunId, (call) => settled(call, 'done'))
    case 'SUBAGENT_ERROR': {
      if (STOPPED.has(event.failure.code)) {
        return inSubagent(view, event.subagentRunId, (call) => settled(call, 'stopped'))
      }
      const error = event.failure
      return inSubagent(view, event.subagentRunId, (call) => ({
        ...settled(call, 'failed'),
        error,
      }))
    }
  }
}

function called(id: string, toolName: string): DelegationPart {
  const agent = /^ask_(.+)_agent$/.exec(toolName)?.[1] ?? toolName
  return {
    kind: 'delegation',
    id,
    agent,
    args: '',
    task: '',
    reason: '',
    status: 'called',
    parts: [],
  }
}

/** Task and reason inside the arguments; a model may send something else, then nothing is shown. */
function parseArguments(args: string): { task: string; reason: string } {
  const nothing = { task: '', reason: '' }
  try {
    const value: unknown = JSON.parse(args)
    if (typeof value !== 'object' || value === null) return nothing
    const { task, reason } = value as Record<string, unknown>
    return {
      task: typeof task === 'string' ? task : '',
      reason: typeof reason === 'string' ? reason : '',
    }
  } catch {
    return nothing
  }
}

function subagentStarted(
  view: RunView,
  event: Extract<AgEvent, { type: 'SUBAGENT_STARTED' }>,
): RunView {
  const started = (call: DelegationPart): DelegationPart => ({
    ...call,
    agent: event.name,
    subagentRunId: event.subagentRunId,
    status: 'working',
    reason: call.reason || (event.description ?? ''),
  })
  if (event.parentToolCallId !== undefined) return inCall(view, event.parentToolCallId, started)
  const own = started(called(event.subagentRunId, event.name))
  return { ...view, parts: [...view.parts, own] }
}

/** Nothing is shown twice: most of a result was streamed before, or came as an activity. */
function withResult(
  call: DelegationPart,
  content: Extract<AgEvent, { type: 'TOOL_CALL_RESULT' }>['content'],
): DelegationPart {
  const parts = [...call.parts]
  const shownBefore = parts.length > 0 || content.some((part) => part.type === 'media')
  const fellShort = call.status === 'failed' || call.status === 'stopped'
  for (const [index, part] of content.entries()) {
    const id = `${call.id}:${index}`
    if (part.type === 'media') {
      const shown = parts.some((have) => have.kind === 'artifact' && have.url === part.url)
      if (!shown) parts.push({ kind: 'artifact', id, name: 'file', ...media(part) })
    } else if (!shownBefore && !fellShort) {
      parts.push({ kind: 'text', id, text: part.text, open: false })
    }
  }
  const status = call.status === 'called' ? 'done' : call.status
  return { ...call, parts, status }
}

const media = ({ url, mimeType }: { url: string; mimeType: string }) => ({ url, mimeType })

function upsert(view: RunView, event: Extract<AgEvent, { type: 'ACTIVITY_SNAPSHOT' }>): RunView {
  const { activityType, content } = event.activity
  const part = { kind: activityType, id: event.messageId, ...content } as LanePart
  return inLane(view, event.subagentRunId, (parts) => {
    const at = parts.findIndex((have) => have.kind === part.kind && have.id === part.id)
    return at < 0 ? [...parts, part] : parts.with(at, part)
  })
}

type OfMessage = { messageId: string; subagentRunId?: string }

function add(view: RunView, event: OfMessage, part: TextPart | ReasoningPart): RunView {
  return inLane(view, event.subagentRunId, (parts) => [...parts, part])
}

function append(view: RunView, event: OfMessage & { delta: string }, kind: 'text' | 'reasoning') {
  return inMessage(view, event, kind, (part) => ({ ...part, text: part.text + event.delta }))
}

function close(view: RunView, event: OfMessage, kind: 'text' | 'reasoning') {
  return inMessage(view, event, kind, (part) => ({ ...part, open: false }))
}

function inMessage(
  view: RunView,
  event: OfMessage,
  kind: 'text' | 'reasoning',
  change: <P extends TextPart | ReasoningPart>(part: P) => P,
): RunView {
  return inLane(view, event.subagentRunId, (parts) => {
    const at = parts.findLastIndex((part) => part.kind === kind && part.id === event.messageId)
    const part = parts[at]
    if (part?.kind !== kind || !part.open) throw new OutOfOrder(`message ${event.messageId}`)
    return parts.with(at, change(part))
  })
}

function inLane(
  view: RunView,
  subagentRunId: string | undefined,
  change: <P extends Part>(parts: (P | LanePart)[]) => (P | LanePart)[],
): RunView {
  if (subagentRunId === undefined) return { ...view, parts: change<Part>(view.parts) }
  return inSubagent(view, subagentRunId, (call) => ({ ...call, parts: change(call.parts) }))
}

type ChangeCall = (call: DelegationPart) => DelegationPart

function inSubagent(view: RunView, subagentRunId: string, change: ChangeCall): RunView {
  const of = (part: DelegationPart) => part.subagentRunId === subagentRunId
  return inDelegation(view, of, change, `subagent ${subagentRunId}`)
}

function inCall(view: RunView, toolCallId: string, change: ChangeCall): RunView {
  return inDelegation(view, (part) => part.id === toolCallId, change, `call ${toolCallId}`)
}

function inDelegation(
  view: RunView,
  is: (part: DelegationPart) => boolean,
  change: ChangeCall,
  what: string,
): RunView {
  const at = view.parts.findIndex((part) => part.kind === 'delegation' && is(part))
  const part = view.parts[at]
  if (part?.kind !== 'delegation') throw new OutOfOrder(what)
  return { ...view, parts: view.parts.with(at, change(part)) }
}

function settled(call: DelegationPart, status: DelegationStatus): DelegationPart {
  const open = call.status === 'called' || call.status === 'working'
  return { ...call, status: open ? status : call.status, parts: call.parts.map(closed) }
}

function closed<P extends Part>(part: P): P {
  return 'open' in part && part.open ? { ...part, open: false } : part
}

function ended(view: RunView, status: RunView['status'], more: Partial<RunView>): RunView {
  const left: DelegationStatus = status === 'done' ? 'done' : 'stopped'
  const parts = view.parts.map((part) =>
    part.kind === 'delegation' ? settled(part, left) : closed(part),
  )
  return { ...view, ...more, status, parts }
}
