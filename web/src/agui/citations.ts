import type { Part, Source, SourcesPart } from './frames'

/** One source as a marker names it. */
export interface Cited extends Source {
  /** As the reader sees it, counted within one agent's answer. */
  number: number
  /** Of its entry in the list of sources. */
  anchor: string
}

/** The sources that back a message up to `at`, a place in its text in UTF-16 code units. */
export interface Citation {
  at: number
  sources: Cited[]
}

export interface Citations {
  /** By message, in the order of the text. */
  marks: ReadonlyMap<string, Citation[]>
  /** The number of the first source, by the id of the part that lists it. */
  first: ReadonlyMap<string, number>
}

export const anchorOf = (partId: string, index: number): string => `source-${partId}-${index}`

/** The lists of sources, lane by lane: an agent that searched twice goes on counting. */
function* lanes(parts: Part[]): Generator<SourcesPart[]> {
  yield parts.filter((part) => part.kind === 'sources')
  for (const part of parts) if (part.kind === 'delegation') yield* lanes(part.parts)
}

/** What the markers of a run show. Called with every delta; it computes only when sources came in. */
export class CitationIndex {
  private lists: SourcesPart[] = []
  private known: Citations = { marks: new Map(), first: new Map() }

  of(parts: Part[]): Citations {
    const byLane = [...lanes(parts)]
    const lists = byLane.flat()
    const same =
      lists.length === this.lists.length && lists.every((list, n) => list === this.lists[n])
    if (!same) {
      this.lists = lists
      this.known = citationsOf(byLane)
    }
    return this.known
  }
}

function citationsOf(byLane: SourcesPart[][]): Citations {
  const first = new Map<string, number>()
  const ends = new Map<string, Map<number, Map<number, Cited>>>()
  for (const lists of byLane) {
    let next = 1
    for (const part of lists) {
      first.set(part.id, next)
      collect(part, next, ends)
      next += part.sources.length
    }
  }
  const marks = new Map([...ends].map(([messageId, at]) => [messageId, inOrder(at)]))
  return { marks, first }
}

type Ends = Map<string, Map<number, Map<number, Cited>>>

/** Ranges that end at one place share a marker, and each source is named there once. */
function collect(part: SourcesPart, first: number, ends: Ends): void {
  for (const { messageId, end, sources } of part.supports) {
    for (const index of sources) {
      const source = part.sources[index]
      if (!source) continue
      const ofMessage = ends.get(messageId) ?? new Map<number, Map<number, Cited>>()
      ends.set(messageId, ofMessage)
      const here = ofMessage.get(end) ?? new Map<number, Cited>()
      ofMessage.set(end, here)
      const number = first + index
      here.set(number, { ...source, number, anchor: anchorOf(part.id, index) })
    }
  }
}

function inOrder(at: Map<number, Map<number, Cited>>): Citation[] {
  return [...at]
    .sort(([one], [other]) => one - other)
    .map(([end, sources]) => ({
      at: end,
      sources: [...sources.values()].sort((one, other) => one.number - other.number),
    }))
}
