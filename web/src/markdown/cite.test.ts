import type { Token, Tokens } from 'marked'
import { describe, expect, it } from 'vitest'

import type { Citation } from '../agui/citations'
import { citedBlocks, type CitationToken } from './cite'
import { decodeEntities } from './entities'
import { MarkdownStream } from './stream'

/** Marks the end of each of `ranges` in `source`, numbered in their order from 1. */
function marksAt(source: string, ranges: string[]): Citation[] {
  return ranges.map((range, index) => ({
    at: source.indexOf(range) + range.length,
    sources: [{ number: index + 1, title: 't', uri: 'https://a.test/', anchor: `s${index}` }],
  }))
}

const numbers = (sources: CitationToken['sources']) =>
  `[${sources.map(({ number }) => number).join()}]`

/** What a reader sees, with markers as [1]. */
function seen(token: Token): string {
  if (token.type === 'citation') return numbers((token as CitationToken).sources)
  if (token.type === 'list') return (token as Tokens.List).items.map(seen).join('|')
  const inside = (token as Tokens.Generic).tokens
  if (inside?.length) return inside.map(seen).join('')
  if (token.type === 'table') return '(table)'
  return 'text' in token ? decodeEntities(String(token.text)) : ''
}

function drawn(source: string, marks: Citation[]): string {
  const blocks = new MarkdownStream().update(source, true)
  const cited = citedBlocks(blocks, source, marks)
  return blocks
    .map(({ at, token }) => {
      const { token: whole, after } = cited.get(at) ?? { token, after: [] }
      return seen(whole) + (after.length > 0 ? numbers(after) : '')
    })
    .join('')
}

const cite = (source: string, ...ranges: string[]) => drawn(source, marksAt(source, ranges))

describe('a marker', () => {
  it.each([
    ['plain words', 'It is Paris. And on.', ['It is Paris.'], 'It is Paris.[1] And on.'],
    ['the end', 'It is Paris.', ['Paris.'], 'It is Paris.[1]'],
    ['umlauts', 'Größe: über 8 Öre. Süß.', ['Öre.'], 'Größe: über 8 Öre.[1] Süß.'],
    ['emoji of two code units', '🎉 yes 👩‍👩‍👧. No 🎈.', ['👧.', '🎈.'], '🎉 yes 👩‍👩‍👧.[1] No 🎈.[2]'],
    ['a blank that belongs to the range', 'One. Two.', ['One. '], 'One.[1] Two.'],
    ['an entity', 'A &amp; B. C', ['A &a', 'B.'], 'A &[1] B.[2] C'],
    ['bold words', 'Say **one two** three.', ['**one', 'two**'], 'Say one[1] two[2] three.'],
    ['a link', 'See [the page](https://b.test/x) now.', ['the', 'now'], 'See the page[1] now[2].'],
    ['code in a line', 'Run `ls -l` now.', ['ls'], 'Run ls -l[1] now.'],
    ['a second line', 'One\ntwo. Three', ['two.'], 'One\ntwo.[1] Three'],
    ['the blank line between', 'One.\n\nTwo.', ['One.\n\n'], 'One.[1]Two.'],
    ['the start of the next paragraph', 'One.\n\nTwo.', ['One.', 'Two.'], 'One.[1]Two.[2]'],
    ['a heading', '# The *title*\n\nWords.', ['title'], 'The title[1]Words.'],
    ['the same words twice', 'a b a b', ['a b a'], 'a b a[1] b'],
  ])('stands after %s', (_, source, ranges, expected) => {
    expect(cite(source, ...ranges)).toBe(expected)
  })

  it.each([
    [
      'a list',
      '- one\n- two **b**\n  - deep\n    more\n- end',
      ['one', 'b**', 'more', 'end'],
      'one[1]|two b[2]deep\nmore[3]|end[4]',
    ],
    ['a loose list', '1. one\n\n   two\n\n2. three', ['two', 'three'], 'onetwo[1]|three[2]'],
    ['a quote', '> one\n> two\n> > three\n\nend', ['two', 'three'], 'one\ntwo[1]three[2]end'],
    ['a task', '- [x] done\n- [ ] open', ['done', 'open'], 'done[1]|open[2]'],
  ])('finds its place in %s', (_, source, ranges, expected) => {
    expect(cite(source, ...ranges)).toBe(expected)
  })

  it.each([
    ['code', 'Look:\n\n```py\na = 1\nb = 2\n```\n\nend', ['a ='], 'Look:a = 1\nb = 2[1]end'],
    ['a table', '| a | b |\n|---|---|\n| 1 | 2 |\n\nend', ['| 1', 'end'], '(table)[1]end[2]'],
    ['code in a list', '- x\n\n  ```\n  y\n  ```\n\nend', ['y'], 'xy[1]end'],
  ])('never stands in %s, but after it', (_, source, ranges, expected) => {
    expect(cite(source, ...ranges)).toBe(expected)
  })

  it('counts in the text as sent, where a line may end in two characters', () => {
    const source = 'One.\r\n\r\nÜber 🎉 two.\r\nThree. Four.'
    expect(cite(source, 'One.', 'two.', 'Three.')).toBe('One.[1]Über 🎉 two.[2]\nThree.[3] Four.')
  })

  it('never cuts a character in two', () => {
    const mark = { ...(marksAt('🎉 x', ['🎉'])[0] as Citation), at: 1 }
    expect(drawn('🎉 x', [mark])).toBe('🎉[1] x')
  })

  it('beyond the text stands at its end, and one at the start says nothing', () => {
    const [mark] = marksAt('x', ['x']) as [Citation]
    expect(drawn('Words.', [{ ...mark, at: 0 }])).toBe('Words.')
    expect(drawn('Words.', [{ ...mark, at: 900 }])).toBe('Words.[1]')
  })
})

describe('the blocks of an answer', () => {
  it('without a marker are not touched', () => {
    const source = 'One.\n\n- two\n- three\n\nFour.'
    const blocks = new MarkdownStream().update(source, true)
    const cited = citedBlocks(blocks, source, marksAt(source, ['two']))
    expect([...cited.keys()]).toEqual([source.indexOf('- two')])
  })

  it('are marked in one walk however long they are', () => {
    const line = 'Some *words* here and [there](https://a.test/).\n\n- item `code`\n\n'
    const source = line.repeat(2000)
    const marks = Array.from({ length: 2000 }, (_, n) => ({
      at: n * line.length + 'Some *words*'.length,
      sources: [{ number: n + 1, title: 't', uri: 'https://a.test/', anchor: 's' }],
    }))
    const blocks = new MarkdownStream().update(source, true)
    expect(citedBlocks(blocks, source, marks).size).toBe(2000)
  })
})
