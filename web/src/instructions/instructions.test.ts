import { describe, expect, it } from 'vitest'

import { ApiError } from '../api/client'
import { scopeLabel, MAX_CHARS, validateInstructions } from './instructions'

describe('instructions', () => {
  const refusal = (text: string) => {
    try {
      validateInstructions(text)
    } catch (error) {
      return (error as ApiError).fields.instructions
    }
    return null
  }

  it('are refused here as the server would, and counted as it counts', () => {
    expect(refusal('Call me Ada.')).toBeNull()
    expect(refusal(`  ${'🦊'.repeat(MAX_CHARS)}\n`)).toBeNull()
    expect(refusal('x'.repeat(MAX_CHARS + 1))).toBe('Shorten it to 8,000 characters.')
    expect(refusal(`Use AIza${'x'.repeat(35)}`)).toContain('Store it under Keys')
  })

  it('are told by where they come from', () => {
    expect(scopeLabel('', '')).toBe('')
    expect(scopeLabel('a', '')).toBe('for every conversation')
    expect(scopeLabel('', 'b')).toBe('for this conversation')
    expect(scopeLabel('a', 'b')).toBe('for every conversation and for this one')
  })
})
