import { Lexer } from 'marked'
import { describe, expect, it } from 'vitest'

import { safeLink } from '../shared/links'
import { headingLevels, MarkdownStream } from './stream'

const DOCUMENTS: Record<string, string> = {
  prose:
    '# Title\n\nOne *two* **three** `four`.\nSame paragraph.\n\nNext one.\n\nSetext\n===\n\nend',
  lists:
    '- a\n- b\n  - c\n\n    more of c\n- d\n\n1. x\n2. y\n\n   still y\n\n* z\n\ntext after\n\n- [x] done\n- [ ] open\n',
  code: 'Look:\n\n```python\ndef f():\n\n    return "```"\n```\n\nand\n\n    indented\n\n    code\n\n~~~\nopen fence\n\nnever closed',
  table: 'Before\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n| 3 | `x` |\n\nafter | not a table\n',
  quotes:
    '> one\n> two\n>\n> > nested\n\nlazy\n\n---\n\n***\n\n<div>raw\nhtml</div>\n\n<!-- note -->\n\nend',
  links:
    'See [one] and [two](https://a.test "t").\n\n[one]: https://b.test\n\nAgain [one].\n\n![alt](https://c.test/x.png)\n',
  tricky:
    'a\n-\nb\n\n1\n. c\n\n#\n# \n\n```\n\n```\n\n- \n\n- x\n\n\n\n  y\n\nz  \nhard\\\nbreak\n',
}

const full = (text: string) => Lexer.lex(text).map((token) => token.raw)

/** Deltas whose sizes look random and are the same every time. */
function* deltas(text: string, seed: number): Generator<string> {
  let state = seed
  for (let at = 0; at < text.length;) {
    state = (state * 48271) % 2147483647
    const next = at + 1 + (state % 9)
    yield text.slice(at, next)
    at = next
  }
}

describe.each(Object.entries(DOCUMENTS))('a growing document of %s', (_, text) => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('ends as if read at once (deltas %i)', (seed) => {
    const stream = new MarkdownStream()
    let sofar = ''
    for (const delta of deltas(text, seed * 7919)) {
      sofar += delta
      expect(stream.update(sofar, false).map((block) => block.token.raw)).toEqual(full(sofar))
    }
    const blocks = stream.update(text, true)
    expect(blocks.map((block) => block.token.raw)).toEqual(full(text))
    expect(JSON.stringify(blocks.map((block) => block.token))).toBe(
      JSON.stringify([...Lexer.lex(text)]),
    )
  })
})

describe('a growing document', () => {
  it('does not read settled blocks again', () => {
    const stream = new MarkdownStream()
    const before = stream.update('One.\n\nTwo.\n\nThree.\n\nFo', false)
    const after = stream.update('One.\n\nTwo.\n\nThree.\n\nFour', false)
    expect(before[0]?.settled).toBe(true)
    expect(after[0]).toBe(before[0])
    expect(after[1]).toBe(before[1])
  })

  it('starts anew when the text is another one', () => {
    const stream = new MarkdownStream()
    stream.update('One.\n\nTwo.\n\nThree.\n', false)
    expect(stream.update('Other', true).map((block) => block.token.raw)).toEqual(['Other'])
  })
})

describe('headings', () => {
  it.each([
    ['# a\n\n## b\n\n### c\n\n# d\n', [3, 4, 5, 3]],
    ['### a\n\n###### b\n\n# c\n\n### d\n', [3, 4, 3, 4]],
  ])('never leave out a level: %j', (text, levels) => {
    const blocks = new MarkdownStream().update(text, true)
    const shown = headingLevels(blocks).filter(
      (_, index) => blocks[index]?.token.type === 'heading',
    )
    expect(shown).toEqual(levels)
  })
})

describe('a link', () => {
  it.each([
    ['https://example.org/a?b#c', 'example.org'],
    ['http://xn--e1afmkfd.test:8080/', 'xn--e1afmkfd.test:8080'],
    ['mailto:a@example.org', 'a@example.org'],
  ])('to %s leads there and shows its host', (href, host) => {
    expect(safeLink(href)?.host).toBe(host)
  })

  it.each([
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>1</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://a/b',
    '/admin/',
    '#/keys',
    '//evil.test',
    '',
  ])('to %j is not a link', (href) => expect(safeLink(href)).toBeNull())
})
