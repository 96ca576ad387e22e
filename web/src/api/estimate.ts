import type { Output, PictureOptions, SpeechOptions, Tool } from './agents'

/** The message as it would be sent now. */
export interface EstimateRequest {
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
  /** Above the limit the user set. */
  warn: boolean
}
