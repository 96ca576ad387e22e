import type { IconName } from './Icon.svelte'

interface Look {
  name: string
  icon: IconName
  kind: 'coordinator' | 'text' | 'media'
}

const LOOKS: Record<string, Look> = {
  coordinator: { name: 'Coordinator', icon: 'coordinator', kind: 'coordinator' },
  text: { name: 'Text agent', icon: 'text', kind: 'text' },
  media: { name: 'Media agent', icon: 'media', kind: 'media' },
}

/** An agent this page has not met yet is shown by its own name, in the coordinator's colour. */
export function lookOf(agent: string): Look {
  const known = Object.hasOwn(LOOKS, agent) ? LOOKS[agent] : undefined
  return known ?? { name: agent, icon: 'coordinator', kind: 'coordinator' }
}

export const agentName = (agent: string): string => lookOf(agent).name
