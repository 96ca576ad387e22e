import type {
  ArtifactPart,
  DelegationPart,
  HistoryPart,
  LanePart,
  Part,
  RunView,
} from '../agui/frames'

export interface Drawing {
  part: LanePart
  /** What the code drew: the files that came right after it. */
  plots: ArtifactPart[]
}

const NONE: ArtifactPart[] = []

/** The parts of one agent in order, with plots beside the code that made them. */
export function drawings(parts: LanePart[]): Drawing[] {
  const drawn: Drawing[] = []
  for (const part of parts) {
    const last = drawn.at(-1)
    if (part.kind === 'artifact' && last?.part.kind === 'code') last.plots = [...last.plots, part]
    else drawn.push({ part, plots: NONE })
  }
  return drawn
}

export type Group =
  | { kind: 'own'; id: string; parts: LanePart[] }
  | { kind: 'team'; id: string; calls: DelegationPart[] }

/** What the coordinator writes stays one block; agents called together stand side by side. */
export function grouped(parts: Part[]): Group[] {
  const groups: Group[] = []
  for (const part of parts) {
    const last = groups.at(-1)
    if (part.kind === 'history') continue
    if (part.kind === 'delegation') {
      if (last?.kind === 'team') last.calls.push(part)
      else groups.push({ kind: 'team', id: part.id, calls: [part] })
    } else if (last?.kind === 'own') last.parts.push(part)
    else groups.push({ kind: 'own', id: part.id, parts: [part] })
  }
  return groups
}

/** Shown at the top of the answer, whenever it became known. */
export const trimmed = (parts: Part[]): HistoryPart[] =>
  parts.filter((part) => part.kind === 'history')

/** Everything the team wrote, as Markdown, in the order it stands on the page. */
export function textOf(parts: Part[]): string {
  const words = parts.map((part) => {
    if (part.kind === 'delegation') return textOf(part.parts)
    return part.kind === 'text' ? part.text.trim() : ''
  })
  return words.filter((piece) => piece !== '').join('\n\n')
}

/** Nothing moves on the page though the run goes on: then something has to say so. */
export const isQuiet = (view: RunView): boolean =>
  !view.parts.some((part) =>
    'open' in part ? part.open : 'status' in part && part.status === 'working',
  )
