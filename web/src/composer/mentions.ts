import type { AgentOption } from './choices'

export interface Mention {
  /** Where the @ stands. */
  start: number
  query: string
}

const BEGUN = /(?:^|\s)@([\p{L}\p{N}-]{0,20})$/u

/** The @ and the word behind it that is being typed at `caret`; null if there is none. */
export function mentionAt(text: string, caret: number): Mention | null {
  const match = BEGUN.exec(text.slice(0, caret))
  if (match === null) return null
  const query = match[1] ?? ''
  return { start: caret - query.length - 1, query }
}

/** Who can be chosen by what was typed so far: a word of the label begins with it. */
export function matching(offered: AgentOption[], query: string): AgentOption[] {
  const wanted = query.toLowerCase()
  return offered.filter(({ label }) =>
    label
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .some((word) => word.startsWith(wanted)),
  )
}

/** The text without what was typed to choose, and where to go on writing. */
export function without(text: string, { start, query }: Mention): { text: string; at: number } {
  const rest = text.slice(start + 1 + query.length)
  const before = text.slice(0, start)
  const joined = before === '' || /\s$/.test(before) ? rest.replace(/^ /, '') : rest
  return { text: before + joined, at: start }
}

/** Nothing else was typed, so Enter can only mean the choice, not Send. */
export const isAlone = (text: string, { start, query }: Mention): boolean =>
  text.trim().length === query.length + 1 && text.slice(0, start).trim() === ''
