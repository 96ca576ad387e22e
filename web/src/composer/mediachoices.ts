import type { ForwardedProps } from '../agent/wire'
import type { MediaOptions } from '../api/agents'
import { dollars } from '../shared/money'
import type { Choice } from './choice'

/** What is known beside the choice: what the key's models take, and the profile's voice. */
export interface Known {
  media: MediaOptions | null
  voice: string
}

export const STYLE_CHARS = 500

/** Whether an answer is, or is likely to be, a picture. */
export const draws = ({ agent, output, ratio, size }: Choice, hasPictures: boolean) =>
  output === 'image' ||
  (output === null && (agent === 'media' || (agent === 'auto' && (hasPictures || ratio !== null || size !== null))))

export const speaks = ({ agent, output }: Choice) => output === 'speech' || (output === null && agent === 'media')

/** Ratio and size, as far as the model that draws takes them. */
export function pictureIn({ ratio, size }: Choice, media: MediaOptions | null) {
  const offered = media?.pictures
  if (!offered) return { ratio, size }
  return {
    ratio: ratio !== null && offered.ratios.includes(ratio) ? ratio : null,
    size: offered.sizes.some((each) => each.size === size) ? size : null,
  }
}

export function mediaProps(choice: Choice, known: Known): Pick<ForwardedProps, 'picture' | 'speech'> {
  const { ratio, size } = pictureIn(choice, known.media)
  const picture = { ...(ratio === null ? {} : { ratio }), ...(size === null ? {} : { size }) }
  const speakers = speakersIn(choice, known)
  const style = choice.style?.trim() ?? ''
  const speech = { ...(speakers.length > 0 ? { speakers } : {}), ...(style === '' ? {} : { style }) }
  return {
    ...(draws(choice, false) && Object.keys(picture).length > 0 ? { picture } : {}),
    ...(speaks(choice) && Object.keys(speech).length > 0 ? { speech } : {}),
  }
}

function speakersIn({ voice, secondVoice }: Choice, known: Known) {
  const most = known.media?.speech?.speakers ?? 2
  return secondVoice === null || most < 2 ? [] : [{ voice: voice ?? known.voice }, { voice: secondVoice }]
}

/** `16:9, wide` */
export function shapeOf(ratio: string): string {
  const [width = 1, height = 1] = ratio.split(':').map(Number)
  if (width === height) return `${ratio}, square`
  return `${ratio}, ${width > height ? 'wide' : 'tall'}`
}

export const priceOfSize = (price: string | null) => (price === null ? 'price not known' : dollars(Number(price)))

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
  const picture = draws(choice, false) ? [ratio, size] : []
  const second = choice.secondVoice === null ? null : 'two voices'
  const speech = speaks(choice) ? [second ?? choice.voice, choice.style === null ? null : 'style'] : []
  return [...picture, ...speech].filter(Boolean).join(' · ')
}
