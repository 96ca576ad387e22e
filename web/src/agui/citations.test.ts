import { describe, expect, it } from 'vitest'

import { CitationIndex } from './citations'
import type { DelegationPart, Part, SourcesPart, Support } from './frames'

const list = (id: string, names: string[], supports: Support[]): SourcesPart => ({
  kind: 'sources',
  id,
  queries: [],
  sources: names.map((title) => ({ title, uri: `https://${title}.test/` })),
  supports,
  pages: [],
})
const support = (messageId: string, end: number, ...sources: number[]): Support => ({
  messageId,
  start: 0,
  end,
  sources,
})
const words = (id: string, text: string): Part => ({ kind: 'text', id, text, open: false })
const lane = (id: string, ...parts: SourcesPart[]): DelegationPart => ({
  kind: 'delegation',
  id,
  agent: 'text',
  args: '',
  task: '',
  reason: '',
  status: 'done',
  parts,
})

/** `12:1,3` for the sources 1 and 3 at the place 12. */
const shown = (parts: Part[], messageId: string) =>
  new CitationIndex()
    .of(parts)
    .marks.get(messageId)
    ?.map(({ at, sources }) => `${at}:${sources.map(({ number }) => number).join()}`)

describe('the markers of a message', () => {
  it('stand in the order of the text, each source once at a place', () => {
    const supports = [
      support('m', 30, 1),
      support('m', 12, 2, 0),
      support('m', 12, 0),
      support('n', 5, 1),
    ]
    const parts = [list('s', ['a', 'b', 'c'], supports)]
    expect(shown(parts, 'm')).toEqual(['12:1,3', '30:2'])
    expect(shown(parts, 'n')).toEqual(['5:2'])
    expect(shown(parts, 'other')).toBeUndefined()
  })

  it('leave out sources that are not in the list', () => {
    expect(shown([list('s', ['a'], [support('m', 9, 0, 7, -1, Number.NaN)])], 'm')).toEqual(['9:1'])
    expect(shown([list('s', ['a'], [support('m', 9, 7)])], 'm')).toBeUndefined()
  })

  it('go on counting when an agent searches again, and begin anew with another agent', () => {
    const parts = [
      list('s', ['a', 'b'], [support('m', 1, 1)]),
      lane('d', list('t', ['c'], [support('q', 1, 0)])),
      list('u', ['e'], [support('m', 9, 0)]),
    ]
    expect(shown(parts, 'm')).toEqual(['1:2', '9:3'])
    expect(shown(parts, 'q')).toEqual(['1:1'])
    expect([...new CitationIndex().of(parts).first]).toEqual([
      ['s', 1],
      ['u', 3],
      ['t', 1],
    ])
  })

  it('are the same ones while only the text grows', () => {
    const index = new CitationIndex()
    const sources = list('s', ['a'], [support('m', 1, 0)])
    const before = index.of([words('m', 'x'), sources])
    expect(index.of([words('m', 'x'), sources, words('n', 'more')])).toBe(before)
    expect(index.of([words('m', 'x'), { ...sources }])).not.toBe(before)
  })
})
