import type { Tally, Usage } from '../api/types'
import type { Days } from '../api/usage'
import { dollars } from '../shared/money'

const iso = (day: Date) => day.toISOString().slice(0, 10)
const utc = (year: number, month: number, day: number) => new Date(Date.UTC(year, month, day))

export type Span = 'month' | 'last-month' | 'week'

/** The days of a span as of `now`, in UTC like the server's. */
export function daysOf(span: Span, now: Date = new Date()): Days {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  const today = utc(year, month, day)
  if (span === 'week') return { from: iso(utc(year, month, day - 6)), to: iso(today) }
  if (span === 'month') return { from: iso(utc(year, month, 1)), to: iso(today) }
  return { from: iso(utc(year, month - 1, 1)), to: iso(utc(year, month, 0)) }
}

/** One value a day, from the first to the last; nothing was used on a day without a row. */
export function perDay(
  usage: Pick<Usage, 'from' | 'to' | 'rows'>,
): { day: string; tokens: number }[] {
  const tokens = new Map(usage.rows.map((row) => [row.name, row.total_tokens]))
  const days: { day: string; tokens: number }[] = []
  const last = Date.parse(usage.to)
  for (let at = Date.parse(usage.from); at <= last; at += 86_400_000) {
    const day = iso(new Date(at))
    days.push({ day, tokens: tokens.get(day) ?? 0 })
  }
  return days
}

/** A price in words: an unknown one is unknown, never nothing. */
export function formatPrice(tally: Pick<Tally, 'price_usd' | 'unpriced_calls'>): string {
  if (tally.price_usd === null) return 'unknown'
  const known = dollars(Number(tally.price_usd))
  const calls = tally.unpriced_calls === 1 ? 'call' : 'calls'
  return tally.unpriced_calls > 0
    ? `${known} and ${tally.unpriced_calls} ${calls} of unknown price`
    : known
}
