import { describe, expect, it } from 'vitest'

import type { Model } from '../api/types'
import { cautionOf, marksOf, optionOf, priceLabel } from './models'

const flash: Model = {
  id: 'gemini-3-flash',
  api_id: 'gemini-3.8-flash',
  label: 'Gemini 3 Flash',
  description: 'Fast.',
  default: true,
  state: 'stable',
  ends_on: null,
  warning: '',
  needs_billing: false,
  price: { input: '0.75', output: '3.75', cached: '0.075' },
  coming_price: null,
  tools: [],
  thinking: [],
  window_tokens: 1,
  available: true,
  unavailable_because: '',
}

describe('a model in one line', () => {
  it.each<[Partial<Model>, string]>([
    [{}, 'Gemini 3 Flash'],
    [{ state: 'preview' }, 'Gemini 3 Flash (preview)'],
    [{ state: 'unknown', needs_billing: null }, 'Gemini 3 Flash (new)'],
    [{ needs_billing: true }, 'Gemini 3 Flash (needs billing)'],
    [{ state: 'deprecated', ends_on: '2026-12-01' }, 'Gemini 3 Flash (ends on 2026-12-01)'],
    [{ state: 'deprecated' }, 'Gemini 3 Flash (ending)'],
    [
      { available: false, unavailable_because: 'not_listed', state: 'preview' },
      'Gemini 3 Flash (not on this key)',
    ],
    [{ available: false, unavailable_because: 'not_lent' }, 'Gemini 3 Flash (not lent to you)'],
    [
      { available: false, unavailable_because: 'billing_required' },
      'Gemini 3 Flash (needs a key with billing)',
    ],
  ])('%o', (changes, words) => {
    expect(optionOf({ ...flash, ...changes })).toBe(words)
  })
})

describe('what a model costs', () => {
  it('is told by the million', () => {
    expect(priceLabel(flash)).toBe('$0.75 in, $3.75 out per million tokens')
  })

  it('is told with what it will cost', () => {
    const coming_price = { input: '1.5', output: '20', cached: null, since: '2027-01-01' }
    expect(priceLabel({ ...flash, coming_price })).toContain('; from 2027-01-01 $1.50 in, $20 out')
  })

  it('is not made up', () => {
    expect(priceLabel({ ...flash, price: null })).toBe('Price not known')
  })
})

describe('what has to be read first', () => {
  it('is nothing for most', () => {
    expect(cautionOf(flash)).toBe('')
    expect(cautionOf(undefined)).toBe('')
    expect(marksOf(flash)).toEqual([])
  })

  it('is an end, or a key that Google does not bill', () => {
    expect(cautionOf({ ...flash, warning: 'It ends.' })).toBe('It ends.')
    const lacking = {
      ...flash,
      unavailable_because: 'billing_required' as const,
      warning: 'It ends.',
    }
    expect(cautionOf(lacking)).toContain('needs a key with billing')
  })
})
