import { expect, it } from 'vitest'

import type { Api } from './client'
import { usageOf, usageOfKey } from './usage'

it('asks the server for the days and the grouping', async () => {
  const requested: string[] = []
  const api = { get: (path: string) => Promise.resolve(requested.push(path)) } as unknown as Api
  const days = { from: '2026-11-01', to: '2026-11-23' }
  await usageOf(api, days, 'key')
  await usageOfKey(api, 'k1', days)
  expect(requested).toEqual([
    '/api/usage/?from=2026-11-01&to=2026-11-23&group=key',
    '/api/keys/k1/usage/?from=2026-11-01&to=2026-11-23&group=user',
  ])
})
