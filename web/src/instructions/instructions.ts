import { ApiError } from '../api/client'
import { resemblesKey } from '../shared/key-like'

export const MAX_CHARS = 8_000

/** Letters as the server counts them. */
export const lengthOf = (text: string) => [...text.trim()].length

/** Refuses here what the server would refuse, also where it is kept here until a first message. */
export function validateInstructions(instructions: string): void {
  const refuse = (code: string, message: string) => {
    throw new ApiError(code, message, 400, { instructions: message })
  }
  if (lengthOf(instructions) > MAX_CHARS)
    refuse('invalid', `Shorten it to ${MAX_CHARS.toLocaleString('en-US')} characters.`)
  if (resemblesKey(instructions))
    refuse('looks_like_key', 'This looks like a Gemini key. Store it under Keys instead.')
}

/** What there is, in words for the sign that opens it. */
export function scopeLabel(profile: string, conversation: string): string {
  if (profile !== '' && conversation !== '') return 'for every conversation and for this one'
  if (profile !== '') return 'for every conversation'
  return conversation === '' ? '' : 'for this conversation'
}
