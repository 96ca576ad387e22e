import type { ForwardedProps } from '../agent/wire'
import type { MediaOptions } from '../api/types'
import { dollars } from '../shared/money'
import type { Choice } from './choice'

/** What bounds a choice: what the key's models take, and the profile's voice. */
export interface MediaContext {
  media: MediaOptions | null
  voice: string
}

export const STYLE_CHARS = 500

/** Whether an answer is, or is likely to be, a picture. */
export const makesPictures = ({ agent, output, ratio, size }: Choice, hasPictures: boolean) =>
  output === 'image' ||
  (output === null &&
    (agent === 'media' || (agent === 'auto' && (hasPictures || ratio !== null || size !== null))))

export const makesSpeech = ({ agent, output }: Choice) =>
  output === 'speech' || (output === null && agent === 'media')

/** Ratio and size, as far as the model that draws takes them. */
export function pictureIn({ ratio, size }: Choice, media: MediaOptions | null) {
  const offered = media?.pictures
  if (!offered) return { ratio, size }
  return {
    ratio: ratio !== null && offered.ratios.includes(ratio) ? ratio : null,
    size: offered.sizes.some((each) => each.size === size) ? size : null,
  }
}

export function mediaProps(
  choice: Choice,
  context: MediaContext,
): Pick<ForwardedProps, 'picture' | 'speech'> {
  const { ratio, size } = pictureIn(choice, context.media)
  const picture = { ...(ratio === null ? {} : { ratio }), ...(size === null ? {} : { size }) }
  const speakers = speakersIn(choice, context)
  const style = choice.style?.trim() ?? ''
  const speech = {
    ...(speakers.length > 0 ? { speakers } : {}),
    ...(style === '' ? {} : { style }),
  }
  return {
    ...(makesPictures(choice, false) && Object.keys(picture).length > 0 ? { picture } : {}),
    ...(makesSpeech(choice) && Object.keys(speech).length > 0 ? { speech } : {}),
  }
}

function speakersIn({ voice, secondVoice }: Choice, context: MediaContext) {
  const most = context.media?.speech?.speakers ?? 2
  return secondVoice === null || most < 2
    ? []
    : [{ voice: voice ?? context.voice }, { voice: secondVoice }]
}

/** `16:9, wide` */
export function ratioLabel(ratio: string): string {
  const [width = 1, height = 1] = ratio.split(':').map(Number)
  if (width === height) return `${ratio}, square`
  return `${ratio}, ${width > height ? 'wide' : 'tall'}`
}

export const priceOfSize = (price: string | null) =>
  price === null ? 'price not known' : dollars(Number(price))

/** What a picture will cost, before it is made: `A 2K picture by Nano Banana 2.1: $0.05.` */
export function pictureNote(choice: Choice, media: MediaOptions | null): string {
  const offered = media?.pictures
  if (!offered) return ''
  const size = pictureIn(choice, media).size ?? offered.usual_size
  const price = offered.sizes.find((each) => each.size === size)?.price_usd ?? null
  const what = size === '' ? 'A picture' : `A ${size} picture`
  return `${what} by ${offered.model}: ${priceOfSize(price)}.`
}

/** Why so many pictures cannot be sent; empty if they can. */
export function referencesNote(count: number, media: MediaOptions | null): string {
  const offered = media?.pictures
  const most = offered?.references ?? count
  if (!offered || count <= most) return ''
  return `${offered.model} follows at most ${most} pictures, and here are ${count}. Remove some.`
}

/** The menu's face: what was chosen, in few letters. */
export function summaryOf(choice: Choice, media: MediaOptions | null): string {
  const { ratio, size } = pictureIn(choice, media)
  const picture = makesPictures(choice, false) ? [ratio, size] : []
  const second = choice.secondVoice === null ? null : 'two voices'
  const speech = makesSpeech(choice)
    ? [second ?? choice.voice, choice.style === null ? null : 'style']
    : []
  return [...picture, ...speech].filter(Boolean).join(' · ')
}
