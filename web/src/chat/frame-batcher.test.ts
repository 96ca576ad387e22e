import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { FrameBatcher } from './frame-batcher'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the batcher of drawing', () => {
  it.each([
    ['a frame of 33 ms', false, 33],
    ['a quarter of a second while hidden', true, 250],
  ])('gathers into %s, in order', async (_, hidden, ms) => {
    const steps: number[][] = []
    const batcher = new FrameBatcher<number>(
      (items) => steps.push(items),
      () => hidden,
    )
    batcher.push(1)
    await vi.advanceTimersByTimeAsync(ms - 1)
    batcher.push(2)
    expect(steps).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    batcher.push(3)
    batcher.flush()
    expect(steps).toEqual([[1, 2], [3]])
    expect(vi.getTimerCount()).toBe(0)
  })
})
