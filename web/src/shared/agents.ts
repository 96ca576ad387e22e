import { SvelteMap } from 'svelte/reactivity'

import type { IconName } from './Icon.svelte'

/** What the server calls its agents, by their names; empty until they are loaded. */
export const agentLabels = new SvelteMap<string, string>()

export interface AgentDisplay {
  name: string
  icon: IconName
  kind: 'coordinator' | 'text' | 'media' | 'other'
}

const DISPLAYS: Record<string, AgentDisplay> = {
  coordinator: { name: 'Coordinator', icon: 'coordinator', kind: 'coordinator' },
  text: { name: 'Text agent', icon: 'text', kind: 'text' },
  media: { name: 'Media agent', icon: 'media', kind: 'media' },
}

/** An agent this page has no colours for is shown neutrally, by its label or else by its name. */
export function agentDisplay(agent: string): AgentDisplay {
  const known = Object.hasOwn(DISPLAYS, agent) ? DISPLAYS[agent] : undefined
  return known ?? { name: agentLabels.get(agent) || humanize(agent), icon: 'agent', kind: 'other' }
}

/** `fact_check` becomes "Fact check". */
function humanize(agent: string): string {
  const words = agent.replace(/[_-]+/g, ' ').trim()
  return words === '' ? 'Agent' : words.charAt(0).toUpperCase() + words.slice(1)
}

export const agentName = (agent: string): string => agentDisplay(agent).name
