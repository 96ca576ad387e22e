import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { RunListener } from './run-subscription'
import { ChatSocket, type Connection } from './socket'
import { parseFrame, type RunInput } from './wire'

/** The far end of the socket, played by the test. */
class FarEnd {
  static all: FarEnd[] = []
  static get last(): FarEnd {
    return FarEnd.all.at(-1) as FarEnd
  }

  sent: Record<string, unknown>[] = []
  closed = false
  readyState = 1
  onopen?: () => void
  onmessage?: (message: { data: string }) => void
  onclose?: (close: { code: number }) => void

  constructor() {
    FarEnd.all.push(this)
  }
  send(data: string) {
    this.sent.push(JSON.parse(data) as Record<string, unknown>)
  }
  close() {
    this.closed = true
  }

  async opens() {
    this.onopen?.()
    await vi.advanceTimersByTimeAsync(0)
  }
  says(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  breaks(code = 1006) {
    this.onclose?.({ code })
  }
  async welcomes(minutes = 10) {
    await this.opens()
    this.says({ op: 'ready', userId: 1, expiresAt: in_(minutes) })
  }
  ops() {
    return this.sent.map((frame) => frame.op)
  }
}

const in_ = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()

const ignore = () => undefined

const input: RunInput = {
  threadId: 't1',
  runId: 'r1',
  messages: [{ id: 'm1', role: 'user', content: 'Hello' }],
  forwardedProps: { agent: 'auto' },
}

function listener() {
  const seen: unknown[] = []
  const resyncs: string[] = []
  const run: RunListener = {
    event: (event) => seen.push(event),
    resync: (reason) => resyncs.push(reason),
  }
  return { seen, resyncs, run }
}

let states: Connection[]
let started: string[][]
let rejections: string[]
let token: string | null
let freshness: boolean[]
let socket: ChatSocket

beforeEach(() => {
  vi.useFakeTimers()
  FarEnd.all = []
  states = []
  started = []
  rejections = []
  freshness = []
  token = 'token-1'
  socket = new ChatSocket({
    open: () => new FarEnd() as unknown as WebSocket,
    token: async (fresh) => {
      freshness.push(fresh)
      return token
    },
    onConnection: (state) => states.push(state),
    onStarted: (...ids) => started.push(ids),
    onRejected: ({ code }) => rejections.push(code),
    random: () => 1,
  })
  socket.start()
})

afterEach(() => {
  socket.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('signing in', () => {
  it('sends nothing into a socket that is closing while the token is fetched', async () => {
    FarEnd.last.readyState = 2
    await FarEnd.last.opens()
    expect(FarEnd.last.sent).toEqual([])
    FarEnd.last.breaks()
    expect(states.at(-1)).toBe('waiting')
  })

  it('sends the token as the first frame and nothing before it is answered', async () => {
    socket.run(input, listener().run).catch(ignore)
    socket.watch('t1')
    await FarEnd.last.opens()
    expect(FarEnd.last.sent).toEqual([{ op: 'auth', token: 'token-1' }])
    FarEnd.last.says({ op: 'ready', userId: 1, expiresAt: in_(10) })
    expect(FarEnd.last.ops()).toEqual(['auth', 'run', 'watch'])
    expect(states).toEqual(['connecting', 'ready'])
  })

  it('renews the token in place a minute before it ends', async () => {
    await FarEnd.last.welcomes(10)
    socket.watch('t1')
    for (let minute = 0; minute < 9; minute++) {
      FarEnd.last.says({ op: 'pong' })
      await vi.advanceTimersByTimeAsync(30_000)
      FarEnd.last.says({ op: 'pong' })
      await vi.advanceTimersByTimeAsync(30_000)
    }
    expect(freshness).toEqual([false, true])
    expect(FarEnd.all).toHaveLength(1)
    const before = FarEnd.last.ops().length
    FarEnd.last.says({ op: 'ready', userId: 1, expiresAt: in_(10) })
    expect(FarEnd.last.ops()).toHaveLength(before)
  })

  it('asks again on the same socket while the server cannot look up who it is', async () => {
    await FarEnd.last.opens()
    FarEnd.last.says({ op: 'rejected', code: 'unavailable', message: 'Away.', retryAfter: 2 })
    expect(states.at(-1)).toBe('waiting')
    await vi.advanceTimersByTimeAsync(2000)
    FarEnd.last.says({ op: 'ready', userId: 1, expiresAt: in_(10) })
    expect(FarEnd.last.ops()).toEqual(['auth', 'auth'])
    expect(FarEnd.all).toHaveLength(1)
    expect(states.at(-1)).toBe('ready')
    expect(rejections).toEqual([])
  })

  it('renews again until that is confirmed', async () => {
    await FarEnd.last.welcomes(1.5)
    await vi.advanceTimersByTimeAsync(30_000)
    FarEnd.last.says({ op: 'rejected', code: 'unavailable', message: 'Away.', retryAfter: 2 })
    await vi.advanceTimersByTimeAsync(5000)
    const renewals = FarEnd.last.ops().filter((op) => op === 'auth').length - 1
    expect(renewals).toBe(2)
  })

  it('asks for a fresh token after 4401', async () => {
    await FarEnd.last.opens()
    FarEnd.last.breaks(4401)
    await vi.advanceTimersByTimeAsync(1000)
    await FarEnd.last.opens()
    expect(freshness).toEqual([false, true])
  })

  it('stays closed when nobody is signed in', async () => {
    token = null
    await FarEnd.last.opens()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FarEnd.all).toHaveLength(1)
    expect(states.at(-1)).toBe('closed')
  })
})

describe('a run', () => {
  it('is followed from the first event without asking', async () => {
    await FarEnd.last.welcomes()
    const { seen, run } = listener()
    const accepted = socket.run(input, run)
    FarEnd.last.says({ op: 'accepted', ref: 'r1', runId: 'r1', threadId: 't1', messageId: 'x' })
    await expect(accepted).resolves.toMatchObject({ messageId: 'x' })
    FarEnd.last.says({ op: 'event', runId: 'r1', seq: 1, event: { type: 'RUN_STARTED' } })
    expect(seen).toEqual([{ type: 'RUN_STARTED' }])
    expect(FarEnd.last.ops()).not.toContain('follow')
  })

  it('is sent again with the same id when the connection broke before the answer', async () => {
    await FarEnd.last.welcomes()
    socket.run(input, listener().run).catch(ignore)
    FarEnd.last.breaks()
    expect(states.at(-1)).toBe('waiting')
    await vi.advanceTimersByTimeAsync(500)
    await FarEnd.last.welcomes()
    expect(FarEnd.last.sent[1]).toEqual({ op: 'run', ref: 'r1', input })
  })

  it('that is refused says why and is not sent again', async () => {
    await FarEnd.last.welcomes()
    const refused = socket.run(input, listener().run)
    FarEnd.last.says({ op: 'rejected', ref: 'r1', code: 'no_key', message: 'Add a key first.' })
    await expect(refused).rejects.toMatchObject({ code: 'no_key', message: 'Add a key first.' })
    FarEnd.last.breaks()
    await vi.advanceTimersByTimeAsync(500)
    await FarEnd.last.welcomes()
    expect(FarEnd.last.ops()).toEqual(['auth'])
  })

  it('can be taken back until it was sent, not later', async () => {
    const waiting = socket.run(input, listener().run)
    expect(socket.withdraw('r1')).toBe(true)
    await expect(waiting).rejects.toMatchObject({ code: 'withdrawn' })
    await FarEnd.last.welcomes()
    socket.run(input, listener().run).catch(ignore)
    FarEnd.last.breaks()
    expect(socket.withdraw('r1')).toBe(false)
  })
})

describe('following', () => {
  it('continues after the last event it has, and drops what it has seen', async () => {
    await FarEnd.last.welcomes()
    const { seen, run } = listener()
    socket.follow('r1', 4, run)
    socket.watch('t1')
    for (const seq of [5, 6]) FarEnd.last.says({ op: 'event', runId: 'r1', seq, event: seq })
    FarEnd.last.breaks()
    await vi.advanceTimersByTimeAsync(500)
    await FarEnd.last.welcomes()
    expect(FarEnd.last.sent.slice(1)).toEqual([
      { op: 'follow', runId: 'r1', after: 6 },
      { op: 'watch', threadId: 't1' },
    ])
    for (const seq of [6, 7]) FarEnd.last.says({ op: 'event', runId: 'r1', seq, event: seq })
    expect(seen).toEqual([5, 6, 7])
  })

  it('never passes over a gap in silence', async () => {
    await FarEnd.last.welcomes()
    const { seen, resyncs, run } = listener()
    socket.follow('r1', 0, run)
    for (const seq of [1, 3, 4]) FarEnd.last.says({ op: 'event', runId: 'r1', seq, event: seq })
    expect(seen).toEqual([1])
    expect(resyncs).toEqual(['gap'])
  })

  it('passes a resync on and stops following', async () => {
    await FarEnd.last.welcomes()
    const { seen, resyncs, run } = listener()
    socket.follow('r1', 0, run)
    FarEnd.last.says({ op: 'resync', runId: 'r1', reason: 'pruned' })
    FarEnd.last.says({ op: 'event', runId: 'r1', seq: 1, event: 1 })
    expect([seen, resyncs]).toEqual([[], ['pruned']])
  })

  it('acknowledges every 64 events, and the rest after a second', async () => {
    await FarEnd.last.welcomes()
    socket.follow('r1', 0, listener().run)
    for (let seq = 1; seq <= 70; seq++)
      FarEnd.last.says({ op: 'event', runId: 'r1', seq, event: 0 })
    const acks = () => FarEnd.last.sent.filter((frame) => frame.op === 'ack')
    expect(acks()).toEqual([{ op: 'ack', runId: 'r1', seq: 64 }])
    await vi.advanceTimersByTimeAsync(1000)
    expect(acks().at(-1)).toEqual({ op: 'ack', runId: 'r1', seq: 70 })
  })

  it('tells of runs another tab started, and of refusals that name no run', async () => {
    await FarEnd.last.welcomes()
    FarEnd.last.says({ op: 'started', threadId: 't1', runId: 'r9' })
    FarEnd.last.says({ op: 'rejected', code: 'run_not_found', message: 'No such run.' })
    expect(started).toEqual([['t1', 'r9']])
    expect(rejections).toEqual(['run_not_found'])
  })
})

describe('a broken connection', () => {
  it('is tried again with growing pauses', async () => {
    const pauses = []
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = Date.now()
      const count = FarEnd.all.length
      FarEnd.last.breaks()
      while (FarEnd.all.length === count) await vi.advanceTimersByTimeAsync(500)
      pauses.push(Date.now() - before)
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16000, 20000, 20000])
  })

  it('is tried at once when the network comes back', () => {
    FarEnd.last.breaks()
    socket.reconnectNow()
    expect(FarEnd.all).toHaveLength(2)
  })

  it('is noticed when the far end no longer answers a ping', async () => {
    await FarEnd.last.welcomes()
    await vi.advanceTimersByTimeAsync(25_000)
    expect(FarEnd.last.ops().at(-1)).toBe('ping')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(FarEnd.all[0]?.closed).toBe(true)
    expect(states.at(-1)).toBe('waiting')
  })
})

describe('a frame', () => {
  it.each([
    '',
    'x',
    'null',
    '[]',
    '{"op":"new"}',
    '{"op":"event","runId":"r"}',
    '{"op":"toString"}',
  ])('of no known shape is passed over: %s', (data) => expect(parseFrame(data)).toBeNull())
})
