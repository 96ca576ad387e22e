import { describe, expect, it } from 'vitest'

import type { DelegationPart, LanePart } from '../agui/frames'
import { drawings, grouped, trimmed, textOf } from './parts'

const text = (id: string, words: string): LanePart => ({
  kind: 'text',
  id,
  text: words,
  open: false,
})
const plot = (id: string): LanePart => ({
  kind: 'artifact',
  id,
  url: '',
  mimeType: 'image/png',
  name: id,
})
const code: LanePart = { kind: 'code', id: 'c', language: 'python', code: '1' }
const history: LanePart = { kind: 'history', id: 'h', leftOut: 2, windowTokens: 3 }
const ask = (id: string, ...parts: LanePart[]): DelegationPart => ({
  kind: 'delegation',
  id,
  agent: 'text',
  args: '',
  task: '',
  reason: '',
  status: 'done',
  parts,
})

describe('the parts of an agent', () => {
  it('show plots with the code that drew them, and other files by themselves', () => {
    const drawn = drawings([plot('a'), code, plot('b'), plot('d'), text('t', 'x'), plot('e')])
    expect(drawn.map(({ part, plots }) => [part.id, plots.map(({ id }) => id).join()])).toEqual([
      ['a', ''],
      ['c', 'b,d'],
      ['t', ''],
      ['e', ''],
    ])
  })
})

describe('an answer', () => {
  it('shows agents that were asked together side by side', () => {
    const groups = grouped([text('t', 'x'), ask('1'), ask('2'), text('u', 'y')])
    expect(groups.map(({ kind, id }) => [kind, id])).toEqual([
      ['own', 't'],
      ['team', '1'],
      ['own', 'u'],
    ])
  })

  it('says at its top what was left out, and not among its words', () => {
    const parts = [text('t', 'x'), history]
    expect(trimmed(parts)).toEqual([history])
    expect(grouped(parts)).toHaveLength(1)
  })

  it('is copied as the Markdown that was written, in the order of the page', () => {
    expect(
      textOf([text('a', '**One**\n'), code, ask('1', text('b', '- two')), text('c', '')]),
    ).toBe('**One**\n\n- two')
  })
})
