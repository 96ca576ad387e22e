import type { Output, PictureOptions, SpeechOptions, Tool } from './agents'
import { dollars } from './usage'

/** A question as it would be sent now. */
export interface Question {
  thread_id?: string
  parent_run_id?: string
  text: string
  attachments: string[]
  addresses?: { address: string; mime_type: string; start_s?: number; end_s?: number }[]
  agent?: string
  output?: Output
  model?: string
  tools?: Tool[]
  /** Those of the conversation, as they are going to be. */
  instructions?: string
  picture?: PictureOptions
  speech?: SpeechOptions
  /** Have Gemini count, which sends all of it to Google. */
  exact?: true
}

export interface Estimate {
  input_tokens: number
  /** Counted by Gemini; else estimated by the server, on the high side. */
  exact: boolean
  price_usd: string | number | null
  window_tokens: number
  /** Exchanges, the oldest ones, that do not fit any more. */
  left_out: number
  /** More than the user wants to send without being asked. */
  warn: boolean
}

const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

/** Three figures: an estimate is no bill. */
export const roughly = (tokens: number) => number.format(tokens)

export const priceIn = ({ price_usd: price }: Estimate) => (price === null ? null : dollars(Number(price)))

export function sumOf(estimate: Estimate): string {
  const price = priceIn(estimate)
  const tokens = `about ${roughly(estimate.input_tokens)} tokens`
  return price === null ? tokens : `${tokens}, ${price}`
}

export function leftOutOf({ left_out: count }: Estimate): string | null {
  if (count === 0) return null
  return count === 1
    ? 'The oldest exchange will not fit and is left out.'
    : `The oldest ${count} exchanges will not fit and are left out.`
}
