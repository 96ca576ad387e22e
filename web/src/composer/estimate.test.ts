import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { Estimate, EstimateRequest } from '../api/types'
import { leftOutOf, sumOf } from './estimate-text'
import { Estimator } from './estimate.svelte'

interface Fetched {
  request: EstimateRequest
  signal: AbortSignal
  resolve(estimate: Estimate): void
  reject(error: Error): void
}

const estimate = (more: Partial<Estimate> = {}): Estimate => ({
  model: 'gemini-3.8-flash',
  input_tokens: 12_345,
  exact: false,
  price_usd: '0.0213',
  window_tokens: 1_000_000,
  left_out: 0,
  picture: null,
  warn: false,
  warn_above_tokens: null,
  ...more,
})
const long = (start: string): EstimateRequest => ({
  text: start.padEnd(2001, '.'),
  attachments: [],
})

let fetched: Fetched[]
let estimator: Estimator

beforeEach(() => {
  vi.useFakeTimers()
  fetched = []
  estimator = new Estimator(
    (request, signal) =>
      new Promise((resolve, reject) => {
        fetched.push({ request, signal, resolve, reject })
      }),
  )
})
afterEach(() => vi.useRealTimers())

describe('an estimate', () => {
  it('is asked for when the writer pauses, and once', async () => {
    estimator.update(long('a'))
    await vi.advanceTimersByTimeAsync(799)
    estimator.update(long('ab'))
    await vi.advanceTimersByTimeAsync(799)
    expect(fetched).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    estimator.update(long('ab'))
    await vi.advanceTimersByTimeAsync(2000)
    expect(fetched.map(({ request }) => request)).toEqual([long('ab')])
  })

  it('is not asked for a short message, but for one with a file', async () => {
    estimator.update({ text: 'Hello', attachments: [] })
    await vi.advanceTimersByTimeAsync(2000)
    expect(fetched).toEqual([])
    estimator.update({ text: '', attachments: ['f'] })
    await vi.advanceTimersByTimeAsync(800)
    expect(fetched).toHaveLength(1)
  })

  it('of an older request is stopped and never shown', async () => {
    estimator.update(long('a'))
    await vi.advanceTimersByTimeAsync(800)
    estimator.update(long('b'))
    expect(fetched[0]?.signal.aborted).toBe(true)
    fetched[0]?.resolve(estimate())
    await vi.advanceTimersByTimeAsync(0)
    expect(estimator.shown).toBeNull()
  })

  it('stays while the same thread is written on, and goes with a short message', async () => {
    estimator.update(long('a'))
    await vi.advanceTimersByTimeAsync(800)
    fetched[0]?.resolve(estimate())
    await vi.advanceTimersByTimeAsync(0)
    estimator.update(long('ab'))
    expect(estimator.shown?.estimate.input_tokens).toBe(12_345)
    estimator.update({ text: '', attachments: [] })
    expect(estimator.shown).toBeNull()
  })

  it('of another thread is not shown here', async () => {
    estimator.update({ ...long('a'), thread_id: 't1' })
    await vi.advanceTimersByTimeAsync(800)
    fetched[0]?.resolve(estimate())
    await vi.advanceTimersByTimeAsync(0)
    estimator.update({ ...long('a'), thread_id: 't2' })
    expect(estimator.shown).toBeNull()
  })

  it('is asked for at once when Send needs it, and not twice', async () => {
    estimator.update(long('a'))
    const first = estimator.estimate(long('a'))
    const second = estimator.estimate(long('a'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(fetched).toHaveLength(1)
    fetched[0]?.resolve(estimate({ warn: true }))
    expect([await first, await second]).toEqual([
      estimate({ warn: true }),
      estimate({ warn: true }),
    ])
  })

  it('never blocks: failing or slow, there is none', async () => {
    const failing = estimator.estimate(long('a'))
    fetched[0]?.reject(new Error('no'))
    expect(await failing).toBeNull()
    const slow = estimator.estimate(long('b'))
    await vi.advanceTimersByTimeAsync(3000)
    expect(await slow).toBeNull()
  })
})

describe('an estimate in words', () => {
  it('has three figures, and a price if it is known', () => {
    expect(sumOf(estimate())).toBe('about 12,300 tokens, $0.021')
    expect(sumOf(estimate({ price_usd: null }))).toBe('about 12,300 tokens')
  })

  it('says what will not fit', () => {
    expect(leftOutOf(estimate())).toBeNull()
    expect(leftOutOf(estimate({ left_out: 1 }))).toBe(
      'The oldest exchange will not fit and is left out.',
    )
    expect(leftOutOf(estimate({ left_out: 4 }))).toBe(
      'The oldest 4 exchanges will not fit and are left out.',
    )
  })
})
