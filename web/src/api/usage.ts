import type { Api } from './client'

export type UsageGroup = 'day' | 'key' | 'agent' | 'model'

export interface Tally {
  calls: number
  input_tokens: number
  output_tokens: number
  total_tokens: number
  thought_tokens: number
  cached_tokens: number
  tool_tokens: number
  image_tokens: number
  /** US dollars, an estimate of what has a known price; null if nothing has. */
  price_usd: string | null
  unpriced_calls: number
}

export interface UsageRow extends Tally {
  name: string
  key_id: string | null
}

export interface Usage {
  from: string
  to: string
  rows: UsageRow[]
  total: Tally
}

export interface BudgetState {
  period: 'day' | 'month'
  unit: 'tokens' | 'usd'
  limit: string
  spent: string
  renews_at: string
}

export interface KeyUsage extends Usage {
  budgets: BudgetState[]
}

export interface Days {
  from: string
  to: string
}

const query = (days: Days, group: string) => `from=${days.from}&to=${days.to}&group=${group}`

export function usageOf(api: Api, days: Days, group: UsageGroup): Promise<Usage> {
  return api.get<Usage>(`/api/usage/?${query(days, group)}`)
}

/** Of an own key by everybody, of a lent one by oneself; and what its budgets leave. */
export function usageOfKey(api: Api, keyId: string, days: Days): Promise<KeyUsage> {
  return api.get<KeyUsage>(`/api/keys/${keyId}/usage/?${query(days, 'user')}`)
}

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
export function perDay(usage: Pick<Usage, 'from' | 'to' | 'rows'>): { day: string; tokens: number }[] {
  const tokens = new Map(usage.rows.map((row) => [row.name, row.total_tokens]))
  const days: { day: string; tokens: number }[] = []
  const last = Date.parse(usage.to)
  for (let at = Date.parse(usage.from); at <= last; at += 86_400_000) {
    const day = iso(new Date(at))
    days.push({ day, tokens: tokens.get(day) ?? 0 })
  }
  return days
}

/** Dollars so that small amounts keep two figures: $12.30, $0.0042. */
export function dollars(amount: number): string {
  const small = amount !== 0 && Math.abs(amount) < 0.1
  const figures = small ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', ...figures }).format(amount)
}

/** A price in words: an unknown one is unknown, never nothing. */
export function priceOf(tally: Pick<Tally, 'price_usd' | 'unpriced_calls'>): string {
  if (tally.price_usd === null) return 'unknown'
  const known = dollars(Number(tally.price_usd))
  const calls = tally.unpriced_calls === 1 ? 'call' : 'calls'
  return tally.unpriced_calls > 0 ? `${known} and ${tally.unpriced_calls} ${calls} of unknown price` : known
}
