import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Pace } from './pace'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the pace of drawing', () => {
  it.each([
    ['a frame of 33 ms', false, 33],
    ['a quarter of a second while hidden', true, 250],
  ])('gathers into %s, in order', async (_, hidden, ms) => {
    const steps: number[][] = []
    const pace = new Pace<number>((items) => steps.push(items), () => hidden)
    pace.push(1)
    await vi.advanceTimersByTimeAsync(ms - 1)
    pace.push(2)
    expect(steps).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    pace.push(3)
    pace.now()
    expect(steps).toEqual([[1, 2], [3]])
    expect(vi.getTimerCount()).toBe(0)
  })
})
