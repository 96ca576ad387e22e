import { describe, expect, it } from 'vitest'

import type { UsageRow } from '../api/types'
import { dollars } from '../shared/money'
import { daysOf, perDay, formatPrice } from './days'

const row = (name: string, total_tokens: number) => ({ name, total_tokens }) as UsageRow

describe('spans of days', () => {
  it.each([
    ['month', '2026-11-23T23:30:00Z', '2026-11-01', '2026-11-23'],
    ['week', '2026-11-03T00:10:00Z', '2026-10-28', '2026-11-03'],
    ['last-month', '2026-03-31T12:00:00Z', '2026-02-01', '2026-02-28'],
    ['last-month', '2026-01-15T12:00:00Z', '2025-12-01', '2025-12-31'],
  ] as const)('%s as of %s', (span, now, from, to) => {
    expect(daysOf(span, new Date(now))).toEqual({ from, to })
  })

  it('are filled with the days on which nothing was used', () => {
    const usage = { from: '2026-10-30', to: '2026-11-02', rows: [row('2026-10-31', 7)] }
    expect(perDay(usage).map((day) => day.tokens)).toEqual([0, 7, 0, 0])
  })
})

describe('prices', () => {
  it.each([
    [0, '$0.00'],
    [0.000231, '$0.00023'],
    [0.0421, '$0.042'],
    [12.3, '$12.30'],
    [1234.567, '$1,234.57'],
  ])('%d is %s', (amount, words) => {
    expect(dollars(amount)).toBe(words)
  })

  it('are unknown where they are not known, and say so in sums', () => {
    expect(formatPrice({ price_usd: null, unpriced_calls: 3 })).toBe('unknown')
    expect(formatPrice({ price_usd: '1.5', unpriced_calls: 1 })).toBe(
      '$1.50 and 1 call of unknown price',
    )
    expect(formatPrice({ price_usd: '1.5', unpriced_calls: 0 })).toBe('$1.50')
  })
})
