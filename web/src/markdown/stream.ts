import { Lexer, type Token, type Tokens, type TokensList } from 'marked'

export interface Block {
  /** Where the block begins in the text: stable while the text grows. */
  at: number
  token: Token
  /** Nothing that follows can change it. */
  settled: boolean
}

const HIGHEST_HEADING = 3

/** Levels for the headings of an answer: below the page's own two, and none left out on the way. */
export function headingLevels(blocks: Block[]): number[] {
  let level = HIGHEST_HEADING - 1
  return blocks.map(({ token }) => {
    if (token.type === 'heading') {
      const wanted = (token as Tokens.Heading).depth + HIGHEST_HEADING - 1
      level = Math.min(wanted, level + 1, 6)
    }
    return level
  })
}

type Links = TokensList['links']

/**
 * Markdown that grows. Only the tail is read again: a block is settled once a whole line stands
 * after it, so the cost of a delta does not depend on how long the answer already is.
 */
export class MarkdownStream {
  private text = ''
  private settled: Block[] = []
  private offset = 0
  private links: Links = {}

  /** The blocks of `source`, which usually is the text of the last call and a little more. */
  update(source: string, whole: boolean): Block[] {
    const text = source.replace(/\r\n?/g, '\n')
    if (text.length < this.text.length || !text.startsWith(this.text)) this.reset()
    this.text = text
    // A link may be defined after its use: the settled blocks before it were read without it.
    if (whole && Object.keys(this.links).length > 0) this.reset()
    const tail = this.read(text.slice(this.offset))
    if (whole) return [...this.settled, ...tail.map((block) => ({ ...block, settled: true }))]
    return this.settle(tail)
  }

  private reset(): void {
    this.settled = []
    this.offset = 0
    this.links = {}
  }

  private read(source: string): Block[] {
    const lexer = new Lexer()
    Object.assign(lexer.tokens.links, this.links)
    const tokens = lexer.lex(source)
    this.links = tokens.links
    let at = this.offset
    return tokens.map((token) => {
      const block = { at, token, settled: false }
      at += token.raw.length
      return block
    })
  }

  private settle(tail: Block[]): Block[] {
    const count = this.settleable(tail)
    if (count > 0) {
      const done = tail.slice(0, count).map((block) => ({ ...block, settled: true }))
      this.settled = [...this.settled, ...done]
      this.offset = tail[count]?.at ?? this.text.length
    }
    return [...this.settled, ...tail.slice(count)]
  }

  /** How many blocks stand before the last one that holds a whole line. */
  private settleable(tail: Block[]): number {
    const last = tail.findLastIndex(
      ({ token }, index) =>
        token.type !== 'space' && (token.raw.includes('\n') || index < tail.length - 1),
    )
    // The lexer drops blanks from some odd lists; past such a block positions cannot be trusted.
    const odd = tail.findIndex(({ token, at }) => !this.text.startsWith(token.raw, at))
    return Math.max(odd < 0 ? last : Math.min(last, odd - 1), 0)
  }
}
