import type { Token, Tokens } from 'marked'

import type { Block } from './stream'

/** One line of a leaf, and where it stands in the text. */
interface Line {
  inRaw: number
  inText: number
  length: number
}

/** A token that is drawn as one piece: words, or something a marker must not stand in. */
export interface Leaf {
  token: Token
  start: number
  end: number
  lines: Line[]
}

const HOLDS_OTHERS = new Set([
  'paragraph',
  'heading',
  'blockquote',
  'list_item',
  'text',
  'strong',
  'em',
  'del',
])
/** Drawn as nothing a marker could follow. */
const UNSEEN = new Set(['space', 'def', 'br', 'checkbox'])
/** Between two leaves stands markup only, which is short; what is farther off is something else. */
const MARKUP_MOST = 200

function* leafTokens(token: Token): Generator<Token> {
  if (UNSEEN.has(token.type)) return
  const children =
    token.type === 'list' ? (token as Tokens.List).items : (token as Tokens.Generic).tokens
  const opens = token.type === 'list' || HOLDS_OTHERS.has(token.type)
  if (!opens || !children?.length) yield token
  else for (const child of children) yield* leafTokens(child)
}

/**
 * The leaves of a document in order, each with its place in `text`. Tokens inside lists and quotes
 * have lost the indentation of their lines, so places are found by walking along the text: the
 * first match after the leaf before is never past the true place.
 */
export function leavesOf(blocks: Block[], text: string): Leaf[] {
  const leaves: Leaf[] = []
  let cursor = 0
  for (const { at, token } of blocks) {
    if (text.startsWith(token.raw, at)) cursor = at
    for (const leafToken of leafTokens(token)) {
      const lines = linesOf(leafToken.raw, text, cursor)
      const last = lines.at(-1)
      if (!last) continue
      const end = last.inText + last.length
      leaves.push({ token: leafToken, start: (lines[0] as Line).inText, end, lines })
      cursor = end
    }
  }
  return leaves
}

function linesOf(raw: string, text: string, from: number): Line[] {
  const lines: Line[] = []
  let inRaw = 0
  let cursor = from
  for (const line of raw.split('\n')) {
    const words = line.trim()
    const near = text.slice(cursor, cursor + MARKUP_MOST + words.length)
    const index = words === '' ? -1 : near.indexOf(words)
    if (index >= 0) {
      const blank = line.length - line.trimStart().length
      lines.push({ inRaw: inRaw + blank, inText: cursor + index, length: words.length })
      cursor += index + words.length
    }
    inRaw += line.length + 1
  }
  return lines
}

/** Where `offset` of the text falls in the raw words of a leaf; null where it cannot be cut. */
export function offsetIn(leaf: Leaf, offset: number): number | null {
  const { type, raw } = leaf.token
  if (type !== 'text' || (leaf.token as Tokens.Text).text !== raw) return null
  const line = leaf.lines.findLast(({ inText }) => inText < offset) ?? leaf.lines[0]
  if (!line) return null
  const within = Math.min(Math.max(offset - line.inText, 0), line.length)
  // A sentence often comes with the blank behind it.
  return uncut(raw, raw.slice(0, line.inRaw + within).trimEnd().length)
}

const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]+);/giy
const LONGEST_ENTITY = 32

/** Behind a character that takes two code units, and behind an entity, never inside. */
function uncut(raw: string, at: number): number {
  const from = raw.lastIndexOf('&', at - 1)
  if (from >= 0 && at - from < LONGEST_ENTITY) {
    ENTITY.lastIndex = from
    const end = ENTITY.test(raw) ? ENTITY.lastIndex : 0
    if (end > at) return end
  }
  const before = raw.charCodeAt(at - 1)
  const isInside = at > 0 && before >= 0xd800 && before <= 0xdbff
  return isInside ? at + 1 : at
}
