import { SvelteMap } from 'svelte/reactivity'

import type { IconName } from './Icon.svelte'

/** What the server calls its agents, by their names; empty until it was asked. */
export const agentLabels = new SvelteMap<string, string>()

export interface Look {
  name: string
  icon: IconName
  kind: 'coordinator' | 'text' | 'media' | 'other'
}

const LOOKS: Record<string, Look> = {
  coordinator: { name: 'Coordinator', icon: 'coordinator', kind: 'coordinator' },
  text: { name: 'Text agent', icon: 'text', kind: 'text' },
  media: { name: 'Media agent', icon: 'media', kind: 'media' },
}

/** An agent this page has no colours for is shown neutrally, by its label or else by its name. */
export function lookOf(agent: string): Look {
  const known = Object.hasOwn(LOOKS, agent) ? LOOKS[agent] : undefined
  return known ?? { name: agentLabels.get(agent) || spoken(agent), icon: 'agent', kind: 'other' }
}

/** `fact_check` becomes "Fact check". */
function spoken(agent: string): string {
  const words = agent.replace(/[_-]+/g, ' ').trim()
  return words === '' ? 'Agent' : words.charAt(0).toUpperCase() + words.slice(1)
}

export const agentName = (agent: string): string => lookOf(agent).name
