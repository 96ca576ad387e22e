import type { Output, Thinking, Tool } from '../api/types'

/** How a thread's messages are to be answered; null leaves it to the profile. */
export interface Choice {
  agent: string
  output: Output | null
  model: string | null
  tools: Tool[] | null
  thinking: Thinking | null
  voice: string | null
  /** Of a picture; null leaves it to the model. */
  ratio: string | null
  size: string | null
  /** Of the other speaker in a dialogue; null: one voice speaks. */
  secondVoice: string | null
  /** How a text is read aloud, in words. */
  style: string | null
}

export const NO_CHOICE: Choice = {
  agent: 'auto',
  output: null,
  model: null,
  tools: null,
  thinking: null,
  voice: null,
  ratio: null,
  size: null,
  secondVoice: null,
  style: null,
}
