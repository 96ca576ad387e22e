import type { Api } from './client'
import type { KeyUsage, Usage } from './types'

export type UsageGroup = 'day' | 'key' | 'agent' | 'model'

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
