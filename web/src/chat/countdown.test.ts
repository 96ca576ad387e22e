import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Countdown } from './countdown.svelte'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

describe('a countdown', () => {
  it('tells whole seconds down to none, then rests', () => {
    const countdown = new Countdown()
    countdown.until(Date.now() + 2400)
    expect([countdown.from, countdown.left]).toEqual([3, 3])
    vi.advanceTimersByTime(1000)
    expect(countdown.left).toBe(2)
    vi.advanceTimersByTime(5000)
    expect([countdown.from, countdown.left]).toEqual([3, 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('to a moment that has passed is over', () => {
    const countdown = new Countdown()
    countdown.until(0)
    expect(countdown.left).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts by the clock, though the page slept', () => {
    const countdown = new Countdown()
    countdown.until(Date.now() + 60_000)
    vi.setSystemTime(Date.now() + 58_500)
    vi.advanceTimersByTime(1000)
    expect(countdown.left).toBe(1)
  })

  it('stops when nobody looks any more', () => {
    const stop = new Countdown().until(Date.now() + 60_000)
    stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
