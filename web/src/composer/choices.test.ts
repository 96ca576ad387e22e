import { beforeEach, describe, expect, it } from 'vitest'

import type { Model } from '../api/types'
import { NO_CHOICE } from './choice'
import { agentOptions, effectiveOptions, PinnedChoices, propsOf, toggled } from './choices'
import { Drafts } from './draft.svelte'

class Store {
  values = new Map<string, string>()
  getItem = (key: string) => this.values.get(key) ?? null
  setItem = (key: string, value: string) => void this.values.set(key, value)
  removeItem = (key: string) => void this.values.delete(key)
}

const uploads = {
  maxBytes: () => 1000,
  send: () => Promise.reject(new Error('no uploads here')),
  drop: () => undefined,
}
const me = {
  ai_model: 'flash',
  tools: ['search', 'url'] as const,
  thinking: 'high',
  voice: 'Kore',
} as const
const known = { media: null, voice: 'Kore' }
const profile = { ...me, tools: [...me.tools] }
const model = (id: string, thinking: Model['thinking']): Model => ({
  id,
  label: id,
  description: '',
  api_id: id,
  default: false,
  state: 'stable',
  ends_on: null,
  warning: '',
  needs_billing: null,
  price: null,
  coming_price: null,
  unavailable_because: '',
  tools: ['search'],
  thinking,
  window_tokens: 1000,
  available: true,
})
const models = [model('flash', ['low', 'high']), model('lite', ['low'])]

let store: Store
let drafts: Drafts

beforeEach(() => {
  store = new Store()
  drafts = new Drafts(uploads, new PinnedChoices(store))
})

describe('what is chosen for a message', () => {
  it('is what the profile says until it is changed', () => {
    expect(effectiveOptions(NO_CHOICE, profile, models)).toMatchObject({
      modelId: 'flash',
      tools: ['search', 'url'],
      thinking: 'high',
      voice: 'Kore',
    })
    expect(propsOf(NO_CHOICE, known)).toEqual({ agent: 'auto' })
  })

  it('goes out with the message once it is changed, an empty list too', () => {
    expect(
      propsOf({ ...NO_CHOICE, agent: 'media', output: 'speech', tools: [], voice: 'Puck' }, known),
    ).toEqual({
      agent: 'media',
      output: 'speech',
      tools: [],
      voice: 'Puck',
    })
  })

  it('falls back to auto where the model has no such level of thinking', () => {
    expect(effectiveOptions({ ...NO_CHOICE, model: 'lite' }, profile, models)).toMatchObject({
      levels: ['auto', 'low'],
      thinking: 'auto',
    })
  })

  it('switches one tool and leaves the others', () => {
    expect(toggled(['search', 'url'], 'code')).toEqual(['search', 'code', 'url'])
    expect(toggled(['maps'], 'search')).toEqual(['search', 'maps'])
    expect(toggled(['search', 'url'], 'url')).toEqual(['search'])
  })
})

describe('who can be asked', () => {
  it('are the team, each agent by what it makes, and the coordinator alone', () => {
    const agents = [
      { name: 'text', label: 'Text agent', description: '', outputs: ['text' as const] },
      {
        name: 'media',
        label: 'Media agent',
        description: '',
        outputs: ['text' as const, 'image' as const, 'speech' as const],
      },
    ]
    expect(agentOptions(agents).map(({ value, label }) => [value, label])).toEqual([
      ['auto', 'Team decides'],
      ['text', 'Text agent'],
      ['media/image', 'Media: picture'],
      ['media/speech', 'Media: speech'],
      ['media/text', 'Media: look and listen'],
      ['direct', 'Answer directly'],
    ])
  })
})

describe('the choices of a thread', () => {
  it('are its own and outlive a reload', () => {
    drafts.choose('t1', { model: 'lite' })
    expect(drafts.get('t2').choice).toEqual(NO_CHOICE)
    const reloaded = new Drafts(uploads, new PinnedChoices(store))
    expect(reloaded.get('t1').choice).toEqual({ ...NO_CHOICE, model: 'lite' })
  })

  it('move with the first message into the new thread, and the next one begins afresh', () => {
    drafts.choose(null, { agent: 'direct' })
    drafts.move(null, 't1')
    expect(drafts.get('t1').choice.agent).toBe('direct')
    expect(drafts.get(null).choice).toEqual(NO_CHOICE)
    expect(new PinnedChoices(store).get('t1').agent).toBe('direct')
  })

  it('are kept for the threads changed last', () => {
    const pinned = new PinnedChoices(store)
    for (let at = 0; at < 205; at += 1) pinned.set(`t${at}`, { ...NO_CHOICE, agent: 'text' })
    expect([pinned.get('t204').agent, pinned.get('t5').agent, pinned.get('t4').agent]).toEqual([
      'text',
      'text',
      'auto',
    ])
  })

  it('do not trust what another page wrote', () => {
    for (const odd of [
      'no json',
      '{}',
      '[["t1", 3]]',
      '[["t1", {"tools": "all"}]]',
      '[["t1", {"model": {}}]]',
    ]) {
      store.setItem('chatproject.choices', odd)
      expect(new PinnedChoices(store).get('t1')).toEqual(NO_CHOICE)
    }
  })

  it('are gone for whoever signs in next', () => {
    drafts.choose('t1', { model: 'lite' })
    drafts.get('t1').text = 'Mine'
    drafts.clear()
    expect(drafts.get('t1')).toMatchObject({ text: '', choice: NO_CHOICE })
  })
})
