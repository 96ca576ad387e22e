import { expect, it } from 'vitest'

import { advice, isRetryable } from './advice'

it('leads to the keys where a key is the matter', () => {
  expect(advice('no_key')?.href).toBe('#/keys')
  expect(advice('overloaded')).toBeNull()
  expect([isRetryable('overloaded'), isRetryable('blocked')]).toEqual([true, false])
})
