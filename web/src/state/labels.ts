import { SvelteMap } from 'svelte/reactivity'

/** What the server calls its agents, by their names; empty until it was asked. */
export const agentLabels = new SvelteMap<string, string>()
