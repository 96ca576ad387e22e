import { expect, it } from 'vitest'

import { resemblesKey } from './key-like'

it('knows a pasted key from ordinary words', () => {
  expect(resemblesKey(`use AIza${'x'.repeat(35)} please`)).toBe(true)
  expect(resemblesKey(`AQ.${'y'.repeat(30)}`)).toBe(true)
  expect(resemblesKey(`KEY_AIza${'x'.repeat(35)}`)).toBe(true)
  expect(resemblesKey(`AIza${'x'.repeat(9)}\u200b${'x'.repeat(9)}\n${'x'.repeat(17)}`)).toBe(true)
  expect(resemblesKey(`dXNlAIza${'x'.repeat(35)}`)).toBe(false)
  expect(resemblesKey('What does a key that starts with AIza look like?')).toBe(false)
})
