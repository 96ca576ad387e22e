import { beforeEach, describe, expect, it } from 'vitest'

import type { Estimate } from '../api/estimate'
import type { StoredFile } from '../api/types'
import { NO_CHOICE } from './choice'
import { Desk } from './desk.svelte'
import { Sending } from './sending.svelte'

const estimate = (warn: boolean): Estimate => ({
  input_tokens: 90_000,
  exact: false,
  price_usd: null,
  window_tokens: 1_000_000,
  left_out: 0,
  warn,
})

let arrived: (file: StoredFile) => void
const uploads = {
  maxBytes: () => 1000,
  send: () => new Promise<StoredFile>((resolve) => (arrived = resolve)),
  drop: () => undefined,
}

class Talk {
  desk = new Desk(uploads, NO_CHOICE)
  sent: string[] = []
  get question() {
    return { text: this.desk.text, attachments: this.desk.files.stored.map(({ id }) => id) }
  }
  allowed: boolean[] = []
  submit = async (allowKey = false) => {
    this.sent.push(this.desk.text)
    this.allowed.push(allowKey)
  }
}

let talk: Talk
let answer: Estimate | null
let counted: Estimate | null
let sending: Sending

beforeEach(() => {
  talk = new Talk()
  answer = null
  counted = null
  sending = new Sending(talk, { soon: async () => answer, counted: async () => counted })
})

const later = () => new Promise((resolve) => setTimeout(resolve))
const key = `AIza${'x'.repeat(35)}`

describe('Send', () => {
  it('sends, also when no estimate is to be had', async () => {
    talk.desk.text = 'Hello'
    await sending.send()
    expect(talk.sent).toEqual(['Hello'])
  })

  it('does nothing without words or files', async () => {
    talk.desk.text = '  '
    await sending.send()
    expect(talk.sent).toEqual([])
  })

  it('asks first when it costs more than the user wants, and goes on when told to', async () => {
    talk.desk.text = 'Read all of this'
    answer = estimate(true)
    await sending.send()
    expect(talk.sent).toEqual([])
    expect(sending.held).toEqual({ why: 'cost', estimate: estimate(true) })
    await sending.send('cost')
    expect(talk.sent).toEqual(['Read all of this'])
    expect(sending.held).toBeNull()
  })

  it('does not ask when Gemini counts less than was estimated', async () => {
    talk.desk.text = 'Read all of this'
    answer = estimate(true)
    counted = { ...estimate(false), exact: true }
    await sending.send()
    expect(talk.sent).toEqual(['Read all of this'])
  })

  it('asks with what Gemini counted', async () => {
    talk.desk.text = 'Read all of this'
    answer = estimate(true)
    counted = { ...estimate(true), exact: true, input_tokens: 80_000 }
    await sending.send()
    expect(sending.held).toEqual({ why: 'cost', estimate: counted })
  })

  it('asks no more about a message that was changed', async () => {
    talk.desk.text = 'Read all of this'
    answer = estimate(true)
    await sending.send()
    talk.desk.text = 'Read'
    expect(sending.held).toBeNull()
  })

  it('holds a pasted key back before anything of it leaves', async () => {
    talk.desk.text = key
    let asked = false
    sending = new Sending(talk, {
      soon: async () => ((asked = true), null),
      counted: async () => ((asked = true), null),
    })
    await sending.send()
    expect([sending.held?.why, asked]).toEqual(['key', false])
    await sending.send('key')
    expect(talk.sent).toEqual([key])
    expect(talk.allowed).toEqual([true])
    talk.desk.text = 'No key'
    await sending.send('key', 'cost')
    expect(talk.allowed).toEqual([true, false])
  })

  it('waits for uploads, and can be taken back meanwhile', async () => {
    talk.desk.files.add([new File(['x'], 'a.txt')])
    const first = sending.send()
    expect(sending.waiting).toBe(true)
    sending.cancel()
    const second = sending.send()
    arrived({ id: 'f' } as StoredFile)
    await Promise.all([first, second])
    expect(talk.sent).toHaveLength(1)
  })

  it('sends nothing into another thread that was opened while it waited', async () => {
    talk.desk.files.add([new File(['x'], 'a.txt')])
    const waiting = sending.send()
    talk.desk = new Desk(uploads, NO_CHOICE)
    expect(sending.waiting).toBe(false)
    arrived({ id: 'f' } as StoredFile)
    await waiting
    await later()
    expect(talk.sent).toEqual([])
  })
})
