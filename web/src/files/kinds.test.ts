import { expect, it } from 'vitest'

import { kindOf } from './kinds'

it('sorts files by their type', () => {
  expect(['image/webp', 'AUDIO/mpeg', 'video/mp4', 'text/csv', ''].map(kindOf)).toEqual([
    'image',
    'audio',
    'video',
    'document',
    'document',
  ])
})
