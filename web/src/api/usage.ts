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
