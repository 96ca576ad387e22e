import { describe, expect, it } from 'vitest'

import { rangeLabel, formatTimecode, parseTimecode } from './timecode'

describe('a place in a video', () => {
  it('is written as people write it', () => {
    expect(['', '7', '1:30', '1:02:03', '1:75', 'x', '99:99:99'].map(parseTimecode)).toEqual([
      null,
      7,
      90,
      3723,
      undefined,
      undefined,
      undefined,
    ])
    expect([7, 90, 3723].map(formatTimecode)).toEqual(['0:07', '1:30', '1:02:03'])
    expect(rangeLabel({})).toBe('')
    expect(rangeLabel({ start_s: 90 })).toBe('from 1:30')
    expect(rangeLabel({ end_s: 90 })).toBe('0:00 to 1:30')
  })
})
