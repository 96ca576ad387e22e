import { describe, expect, it } from 'vitest'

import type { AgentOption } from './choices'
import { isAlone, matching, mentionAt, without } from './mentions'

const TEAM: AgentOption[] = ['Team decides', 'Text agent', 'Media: picture', 'Answer directly'].map(
  (label) => {
    return { value: label, label, agent: label, output: null }
  },
)
const labels = (query: string) => matching(TEAM, query).map(({ label }) => label)

describe('a mention', () => {
  it.each([
    ['@', 1, { start: 0, query: '' }],
    ['@te', 3, { start: 0, query: 'te' }],
    ['Hello @me', 9, { start: 6, query: 'me' }],
    ['Hello\n@', 7, { start: 6, query: '' }],
    ['@media print', 6, { start: 0, query: 'media' }],
  ])('is being typed in %j', (text, caret, mention) => {
    expect(mentionAt(text, caret)).toEqual(mention)
  })

  it.each([
    ['', 0],
    ['me@example.com', 14],
    ['@media print does not work', 26],
    ['@text ', 6],
    ['@te', 0],
  ])('is none in %j at %d', (text, caret) => {
    expect(mentionAt(text, caret)).toBeNull()
  })

  it('offers whose label has a word that begins so', () => {
    expect(labels('')).toHaveLength(4)
    expect(labels('te')).toEqual(['Team decides', 'Text agent'])
    expect(labels('PIC')).toEqual(['Media: picture'])
    expect(labels('nobody')).toEqual([])
  })

  it('is used up by the choice, and nothing else is', () => {
    expect(without('Hello @me there', { start: 6, query: 'me' })).toEqual({
      text: 'Hello there',
      at: 6,
    })
    expect(without('@te', { start: 0, query: 'te' })).toEqual({ text: '', at: 0 })
    expect(without('@ draw', { start: 0, query: '' })).toEqual({ text: 'draw', at: 0 })
  })

  it('is alone where Enter cannot mean Send', () => {
    expect(isAlone('@te', { start: 0, query: 'te' })).toBe(true)
    expect(isAlone('What is @te', { start: 8, query: 'te' })).toBe(false)
  })
})
