/** What a message can be answered with, and how; as the server offers it. */

export type Tool = 'search' | 'code' | 'url' | 'maps'
export type Thinking = 'auto' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh'
export type Output = 'text' | 'image' | 'speech' | 'video'

export interface Agent {
  name: string
  label: string
  description: string
  outputs: Output[]
}

/** How a picture is to be made. */
export interface PictureOptions {
  ratio?: string
  size?: string
}

/** Who speaks, and how a text is read aloud, in words. */
export interface SpeechOptions {
  speakers?: { voice: string }[]
  style?: string
}

export interface Voice {
  name: string
  description: string
}

/** The options of pictures and speech with the selected key; null: it has no model for it. */
export interface MediaOptions {
  pictures: {
    model: string
    /** Empty where it is not known what the model takes. */
    ratios: string[]
    /** The price of one picture in US dollars; null: not known. */
    sizes: { size: string; price_usd: string | null }[]
    /** Of a picture for which no size is chosen. */
    usual_size: string
    /** How many pictures may come along. */
    references: number | null
  } | null
  speech: { model: string; voices: Voice[]; speakers: number } | null
}
