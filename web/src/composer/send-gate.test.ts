import { beforeEach, describe, expect, it } from 'vitest'

import type { Estimate, StoredFile } from '../api/types'
import { NO_CHOICE } from './choice'
import { Draft } from './draft.svelte'
import { SendGate } from './send-gate.svelte'

const estimate = (warn: boolean): Estimate => ({
  model: 'gemini-3.8-flash',
  input_tokens: 90_000,
  exact: false,
  price_usd: null,
  window_tokens: 1_000_000,
  left_out: 0,
  picture: null,
  warn,
  warn_above_tokens: 50_000,
})

let arrived: (file: StoredFile) => void
const uploads = {
  maxBytes: () => 1000,
  send: () => new Promise<StoredFile>((resolve) => (arrived = resolve)),
  drop: () => undefined,
}

class Target {
  draft = new Draft(uploads, NO_CHOICE)
  sent: string[] = []
  get estimateRequest() {
    return { text: this.draft.text, attachments: this.draft.files.stored.map(({ id }) => id) }
  }
  allowedKeys: boolean[] = []
  submit = async (allowKey = false) => {
    this.sent.push(this.draft.text)
    this.allowedKeys.push(allowKey)
  }
}

let target: Target
let estimated: Estimate | null
let counted: Estimate | null
let gate: SendGate

beforeEach(() => {
  target = new Target()
  estimated = null
  counted = null
  gate = new SendGate(target, { estimate: async () => estimated, count: async () => counted })
})

const later = () => new Promise((resolve) => setTimeout(resolve))
const key = `AIza${'x'.repeat(35)}`

describe('Send', () => {
  it('sends, also when no estimate is to be had', async () => {
    target.draft.text = 'Hello'
    await gate.send()
    expect(target.sent).toEqual(['Hello'])
  })

  it('does nothing without words or files', async () => {
    target.draft.text = '  '
    await gate.send()
    expect(target.sent).toEqual([])
  })

  it('asks first when it costs more than the user wants, and goes on when told to', async () => {
    target.draft.text = 'Read all of this'
    estimated = estimate(true)
    await gate.send()
    expect(target.sent).toEqual([])
    expect(gate.hold).toEqual({ reason: 'cost', estimate: estimate(true) })
    await gate.send('cost')
    expect(target.sent).toEqual(['Read all of this'])
    expect(gate.hold).toBeNull()
  })

  it('does not ask when Gemini counts less than was estimated', async () => {
    target.draft.text = 'Read all of this'
    estimated = estimate(true)
    counted = { ...estimate(false), exact: true }
    await gate.send()
    expect(target.sent).toEqual(['Read all of this'])
  })

  it('asks with what Gemini counted', async () => {
    target.draft.text = 'Read all of this'
    estimated = estimate(true)
    counted = { ...estimate(true), exact: true, input_tokens: 80_000 }
    await gate.send()
    expect(gate.hold).toEqual({ reason: 'cost', estimate: counted })
  })

  it('asks no more about a message that was changed', async () => {
    target.draft.text = 'Read all of this'
    estimated = estimate(true)
    await gate.send()
    target.draft.text = 'Read'
    expect(gate.hold).toBeNull()
  })

  it('holds a pasted key back before anything of it leaves', async () => {
    target.draft.text = key
    let fetched = false
    gate = new SendGate(target, {
      estimate: async () => ((fetched = true), null),
      count: async () => ((fetched = true), null),
    })
    await gate.send()
    expect([gate.hold?.reason, fetched]).toEqual(['key', false])
    await gate.send('key')
    expect(target.sent).toEqual([key])
    expect(target.allowedKeys).toEqual([true])
    target.draft.text = 'No key'
    await gate.send('key', 'cost')
    expect(target.allowedKeys).toEqual([true, false])
  })

  it('waits for uploads, and can be taken back meanwhile', async () => {
    target.draft.files.add([new File(['x'], 'a.txt')])
    const first = gate.send()
    expect(gate.waiting).toBe(true)
    gate.cancel()
    const second = gate.send()
    arrived({ id: 'f' } as StoredFile)
    await Promise.all([first, second])
    expect(target.sent).toHaveLength(1)
  })

  it('sends nothing into another thread that was opened while it waited', async () => {
    target.draft.files.add([new File(['x'], 'a.txt')])
    const waiting = gate.send()
    target.draft = new Draft(uploads, NO_CHOICE)
    expect(gate.waiting).toBe(false)
    arrived({ id: 'f' } as StoredFile)
    await waiting
    await later()
    expect(target.sent).toEqual([])
  })
})
