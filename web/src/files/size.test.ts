import { describe, expect, it } from 'vitest'

import { formatBytes } from './size'

describe('a size', () => {
  it('is in words people know', () => {
    const sizes = [0, 1, 1023, 1536, 20 * 1024 ** 2, 999.6 * 1024, 3 * 1024 ** 3]
    expect(sizes.map(formatBytes)).toEqual([
      '0 bytes',
      '1 byte',
      '1023 bytes',
      '1.5 KB',
      '20 MB',
      '1 MB',
      '3 GB',
    ])
  })
})
