import type { Token, Tokens } from 'marked'

import type { Citation, Cited } from '../agui/citations'
import { type Leaf, leavesOf, offsetIn } from './locate'
import type { Block } from './stream'

/** Drawn by Inline and Block where it stands among the tokens of the answer. */
export interface CitationToken extends Tokens.Generic {
  type: 'citation'
  sources: Cited[]
}

export interface CitedBlock {
  token: Token
  /** Of a block that takes nothing in, such as code or a table: they stand below it. */
  after: Cited[]
}

interface Mark {
  /** In the raw text of the leaf; null: after the leaf. */
  at: number | null
  sources: Cited[]
}

type Marks = Map<Token, Mark[]>

/**
 * The blocks that hold markers, by where they begin. All others are left alone, so that markers
 * which come after the text draw only their own blocks again.
 *
 * `source` is the message as it was sent; the blocks stand in its form with plain line ends.
 */
export function citedBlocks(
  blocks: Block[],
  source: string,
  citations: Citation[],
): Map<number, CitedBlock> {
  const text = source.replace(/\r\n?/g, '\n')
  const leaves = leavesOf(blocks, text)
  const marks: Marks = new Map()
  let next = 0
  for (const { at, sources } of citations) {
    const offset = Math.min(plainOffset(source, at), text.length)
    while (next < leaves.length && (leaves[next] as Leaf).start < offset) next += 1
    const leaf = leaves[Math.max(next - 1, 0)]
    if (!leaf || offset <= 0) continue
    const here = marks.get(leaf.token) ?? []
    marks.set(leaf.token, [...here, { at: offsetIn(leaf, offset), sources }])
  }
  return marked(blocks, marks)
}

/** An offset in the sent text, counted as if every line ended in one character. */
function plainOffset(source: string, at: number): number {
  let pairs = 0
  for (
    let end = source.indexOf('\r\n');
    end >= 0 && end + 1 < at;
    end = source.indexOf('\r\n', end + 2)
  ) {
    pairs += 1
  }
  return at - pairs
}

function marked(blocks: Block[], marks: Marks): Map<number, CitedBlock> {
  const cited = new Map<number, CitedBlock>()
  if (marks.size === 0) return cited
  for (const { at, token } of blocks) {
    const after = (marks.get(token) ?? []).filter((mark) => mark.at === null)
    const whole = withMarks(token, marks)
    if (whole !== token || after.length > 0) cited.set(at, { token: whole, after: together(after) })
  }
  return cited
}

const together = (marks: Mark[]): Cited[] => [
  ...new Map(
    marks.flatMap(({ sources }) => sources).map((cited) => [cited.number, cited]),
  ).values(),
]

const citation = (sources: Cited[]): CitationToken => ({ type: 'citation', raw: '', sources })

/** The same token when no marker stands in it. */
function withMarks(token: Token, marks: Marks): Token {
  if (token.type === 'list') {
    const list = token as Tokens.List
    const items = list.items.map((item) => withMarks(item, marks) as Tokens.ListItem)
    return items.every((item, n) => item === list.items[n]) ? token : { ...list, items }
  }
  const inside = (marks.get(token) ?? []).filter((mark) => mark.at !== null)
  if (inside.length > 0) return { ...token, tokens: pieces(token.raw, inside) }
  const children = (token as Tokens.Generic).tokens
  if (!children || token.type === 'link') return token
  const tokens = children.flatMap((child) => withAfter(child, marks))
  const same =
    tokens.length === children.length && tokens.every((child, n) => child === children[n])
  return same ? token : { ...token, tokens }
}

function withAfter(token: Token, marks: Marks): Token[] {
  const after = (marks.get(token) ?? []).filter((mark) => mark.at === null)
  const whole = withMarks(token, marks)
  return after.length > 0 ? [whole, citation(together(after))] : [whole]
}

function pieces(raw: string, marks: Mark[]): Token[] {
  const tokens: Token[] = []
  let from = 0
  for (const at of new Set(marks.map((mark) => mark.at as number))) {
    if (at > from) tokens.push(words(raw.slice(from, at)))
    tokens.push(citation(together(marks.filter((mark) => mark.at === at))))
    from = at
  }
  if (from < raw.length) tokens.push(words(raw.slice(from)))
  return tokens
}

const words = (text: string): Token => ({ type: 'text', raw: text, text, escaped: false })
