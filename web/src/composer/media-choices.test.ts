import { describe, expect, it } from 'vitest'

import type { MediaOptions } from '../api/types'
import { type Choice, NO_CHOICE } from './choice'
import { propsOf } from './choices'
import {
  makesPictures,
  pictureNote,
  referencesNote,
  ratioLabel,
  makesSpeech,
  summaryOf,
} from './media-choices'

const media: MediaOptions = {
  pictures: {
    model: 'Nano Banana 2.1',
    ratios: ['1:1', '16:9', '9:16'],
    sizes: [
      { size: '1K', price_usd: '0.0336' },
      { size: '2K', price_usd: null },
    ],
    usual_size: '1K',
    references: 14,
  },
  speech: { model: 'Gemini 3.8 Flash TTS', voices: [], speakers: 2 },
}
const known = { media, voice: 'Kore' }
const picture: Choice = { ...NO_CHOICE, agent: 'media', output: 'image' }
const speech: Choice = { ...NO_CHOICE, agent: 'media', output: 'speech' }

describe('a picture', () => {
  it('goes out as it was chosen, as far as the model makes it', () => {
    expect(propsOf({ ...picture, ratio: '16:9', size: '2K' }, known).picture).toEqual({
      ratio: '16:9',
      size: '2K',
    })
    expect(propsOf({ ...picture, ratio: '8:1', size: '2K' }, known).picture).toEqual({ size: '2K' })
    expect(propsOf({ ...picture, ratio: '8:1' }, { ...known, media: null }).picture).toEqual({
      ratio: '8:1',
    })
    expect(propsOf(picture, known)).toEqual({ agent: 'media', output: 'image' })
  })

  it('is not spoken of where none can come of it', () => {
    const chosen = { ...picture, ratio: '16:9', style: 'calm' }
    expect(propsOf({ ...chosen, agent: 'text', output: null }, known)).toEqual({ agent: 'text' })
    expect(propsOf(chosen, known).speech).toBeUndefined()
  })

  it('is likely where one was sent, or was wanted before', () => {
    expect(makesPictures(NO_CHOICE, false)).toBe(false)
    expect(makesPictures(NO_CHOICE, true)).toBe(true)
    expect(makesPictures({ ...NO_CHOICE, ratio: '1:1' }, false)).toBe(true)
    expect(makesPictures({ ...NO_CHOICE, agent: 'text' }, true)).toBe(false)
    expect(makesPictures({ ...NO_CHOICE, agent: 'media' }, false)).toBe(true)
  })

  it('has a price before it is made, or none that is known', () => {
    expect(pictureNote(picture, media)).toBe('A 1K picture by Nano Banana 2.1: $0.034.')
    expect(pictureNote({ ...picture, size: '2K' }, media)).toBe(
      'A 2K picture by Nano Banana 2.1: price not known.',
    )
    const unknown = {
      ...media,
      pictures: { ...media.pictures!, sizes: [], ratios: [], usual_size: '' },
    }
    expect(pictureNote({ ...picture, size: '2K' }, unknown)).toBe(
      'A picture by Nano Banana 2.1: price not known.',
    )
    expect(pictureNote(picture, null)).toBe('')
  })

  it('follows no more pictures than the model does', () => {
    expect(referencesNote(14, media)).toBe('')
    expect(referencesNote(15, media)).toBe(
      'Nano Banana 2.1 follows at most 14 pictures, and here are 15. Remove some.',
    )
    expect(referencesNote(99, null)).toBe('')
  })

  it('has a shape that can be read', () => {
    expect(['1:1', '21:9', '9:16'].map(ratioLabel)).toEqual([
      '1:1, square',
      '21:9, wide',
      '9:16, tall',
    ])
  })
})

describe('speech', () => {
  it('has two voices once a second one is chosen, the first as the profile has it', () => {
    expect(propsOf({ ...speech, secondVoice: 'Puck' }, known).speech).toEqual({
      speakers: [{ voice: 'Kore' }, { voice: 'Puck' }],
    })
    const one = { ...known, media: { ...media, speech: { ...media.speech!, speakers: 1 } } }
    expect(propsOf({ ...speech, secondVoice: 'Puck' }, one).speech).toBeUndefined()
  })

  it('has a style in words, and none in blanks', () => {
    expect(propsOf({ ...speech, style: ' calm ' }, known).speech).toEqual({ style: 'calm' })
    expect(propsOf({ ...speech, style: '  ' }, known).speech).toBeUndefined()
    expect(makesSpeech(NO_CHOICE)).toBe(false)
  })
})

it('is summed up for the menu', () => {
  expect(summaryOf({ ...picture, ratio: '16:9', size: '2K', style: 'calm' }, media)).toBe(
    '16:9 · 2K',
  )
  expect(summaryOf({ ...speech, secondVoice: 'Puck', style: 'calm' }, media)).toBe(
    'two voices · style',
  )
  expect(summaryOf({ ...speech, voice: 'Puck' }, media)).toBe('Puck')
  expect(summaryOf({ ...NO_CHOICE, voice: 'Puck' }, media)).toBe('')
})
