import { RunSubscription, type RunListener } from './run-subscription'
import { type ClientFrame, parseFrame, type RunInput, type ServerFrame } from './wire'

export type Connection = 'connecting' | 'ready' | 'waiting' | 'closed'

type Rejection = Extract<ServerFrame, { op: 'rejected' }>
type Accepted = Extract<ServerFrame, { op: 'accepted' }>

export class Rejected extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter?: number,
  ) {
    super(message)
  }
}

export interface SocketOptions {
  open(): WebSocket
  /** The access token; `fresh` asks for one that was just renewed. Null when signed out. */
  token(fresh: boolean): Promise<string | null>
  onConnection(state: Connection): void
  onStarted(threadId: string, runId: string): void
  onRejected(rejection: Rejection): void
  random?: () => number
}

interface Pending {
  input: RunInput
  sent: boolean
  resolve: (accepted: Accepted) => void
  reject: (reason: Error) => void
}

/** `WebSocket.OPEN`; closing and closed are more. */
const OPEN = 1
const CLOSE = { signIn: 4401, origin: 4403, tooMuch: 4429 }
const RENEW_BEFORE_MS = 60_000
/** A clock that runs ahead must not make the page renew without pause. */
const RENEW_PAUSE_MS = 30_000
const RETRY_S = 2
const PING_EVERY_MS = 25_000
const SILENT_MS = 15_000
const BACKOFF_MS = { first: 500, most: 20_000, tooMuch: 10_000 }

/**
 * One socket for the whole page. It keeps what the page wants (runs to start, runs to follow, a
 * thread to watch) and asks for it again after every reconnect, so callers never see a drop.
 */
export class ChatSocket {
  private socket: WebSocket | null = null
  private ready = false
  private stopped = true
  private attempts = 0
  private refused = 0
  private freshToken = false
  private watched: string | null = null
  private readonly pending = new Map<string, Pending>()
  private readonly subscriptions = new Map<string, RunSubscription>()
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(private readonly options: SocketOptions) {}

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.drop()
    for (const run of this.subscriptions.values()) run.stop()
    this.subscriptions.clear()
    for (const { reject } of this.pending.values()) {
      reject(new Rejected('signed_out', 'You are signed out.'))
    }
    this.pending.clear()
    this.watched = null
    this.options.onConnection('closed')
  }

  /** Tries at once instead of at the end of the pause, for when the network comes back. */
  reconnectNow(): void {
    if (!this.stopped && !this.socket) this.connect()
  }

  /** Starts a run; the run id makes it safe to send again, which every reconnect does. */
  run(input: RunInput, listener: RunListener): Promise<Accepted> {
    this.subscribe(input.runId, 0, listener)
    return new Promise((resolve, reject) => {
      const sent = this.send({ op: 'run', ref: input.runId, input })
      this.pending.set(input.runId, { input, sent, resolve, reject })
    })
  }

  /** Takes back a run that never left this page; false when the server may have begun it. */
  withdraw(runId: string): boolean {
    const pending = this.pending.get(runId)
    if (!pending || pending.sent) return false
    this.pending.delete(runId)
    this.unfollow(runId)
    pending.reject(new Rejected('withdrawn', 'The message was not sent.'))
    return true
  }

  follow(runId: string, after: number, listener: RunListener): void {
    this.subscribe(runId, after, listener)
    this.send({ op: 'follow', runId, after })
  }

  unfollow(runId: string): void {
    this.subscriptions.get(runId)?.stop()
    this.subscriptions.delete(runId)
  }

  watch(threadId: string): void {
    this.watched = threadId
    this.send({ op: 'watch', threadId })
  }

  /** Says whether the wish reached the open socket; the caller has REST for when it did not. */
  cancel(runId: string): boolean {
    return this.send({ op: 'cancel', runId })
  }

  private subscribe(runId: string, after: number, listener: RunListener): void {
    this.unfollow(runId)
    const ack = (seq: number) => this.send({ op: 'ack', runId, seq })
    this.subscriptions.set(runId, new RunSubscription(after, listener, ack))
  }

  private send(frame: ClientFrame): boolean {
    if (!this.ready || !this.socket) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  private connect(): void {
    this.drop()
    this.options.onConnection('connecting')
    const socket = this.options.open()
    this.socket = socket
    socket.onopen = () => void this.authenticate(socket)
    socket.onmessage = (message) => {
      if (this.socket === socket) this.receive(parseFrame(message.data))
    }
    socket.onclose = ({ code }) => {
      if (this.socket === socket) this.handleClose(code)
    }
    this.setTimer('silent', SILENT_MS, () => this.handleClose(0))
  }

  private async authenticate(socket: WebSocket): Promise<void> {
    const token = await this.options.token(this.freshToken).catch(() => undefined)
    // It may be closing already: the server waits for a sign-in only so long.
    if (this.socket !== socket || socket.readyState > OPEN) return
    if (token === null) this.stop()
    else if (token === undefined) this.handleClose(0)
    else socket.send(JSON.stringify({ op: 'auth', token } satisfies ClientFrame))
  }

  /** The server cannot check the token just now: it keeps the socket, and the page authenticates again. */
  private authenticateLater({ retryAfter = RETRY_S }: Rejection): void {
    const { socket } = this
    this.options.onConnection('waiting')
    if (socket)
      this.setTimer('authenticate', retryAfter * 1000, () => void this.authenticate(socket))
  }

  private receive(frame: ServerFrame | null): void {
    this.clearTimer('silent')
    if (this.ready) this.setTimer('ping', PING_EVERY_MS, () => this.ping())
    switch (frame?.op) {
      case 'ready':
        return this.handleReady(frame.expiresAt)
      case 'event':
        return this.subscriptions.get(frame.runId)?.receive(frame.seq, frame.event)
      case 'accepted':
        this.pending.get(frame.runId)?.resolve(frame)
        this.pending.delete(frame.runId)
        return
      case 'rejected':
        return this.handleRejected(frame)
      case 'started':
        return this.options.onStarted(frame.threadId, frame.runId)
      case 'resync': {
        const run = this.subscriptions.get(frame.runId)
        this.unfollow(frame.runId)
        return run?.listener.resync(frame.reason ?? 'resync')
      }
    }
  }

  private handleReady(expiresAt: string): void {
    const wasReady = this.ready
    this.ready = true
    this.attempts = 0
    this.refused = 0
    this.freshToken = false
    const left = Date.parse(expiresAt) - Date.now()
    this.setTimer(
      'renew',
      Math.max(left - RENEW_BEFORE_MS, RENEW_PAUSE_MS),
      () => void this.renew(),
    )
    this.setTimer('ping', PING_EVERY_MS, () => this.ping())
    if (wasReady) return
    for (const [ref, run] of this.pending) {
      run.sent = this.send({ op: 'run', ref, input: run.input })
    }
    for (const [runId, run] of this.subscriptions) {
      if (!this.pending.has(runId)) this.send({ op: 'follow', runId, after: run.last })
    }
    if (this.watched !== null) this.send({ op: 'watch', threadId: this.watched })
    this.options.onConnection('ready')
  }

  private handleRejected(frame: Rejection): void {
    if (!this.ready && frame.code === 'unavailable') return this.authenticateLater(frame)
    const pending = frame.ref === undefined ? undefined : this.pending.get(frame.ref)
    if (frame.ref === undefined || !pending) return this.options.onRejected(frame)
    this.pending.delete(frame.ref)
    this.unfollow(frame.ref)
    pending.reject(new Rejected(frame.code, frame.message, frame.retryAfter))
  }

  /** The token is renewed in place: a run in full flow does not notice. */
  private async renew(): Promise<void> {
    const socket = this.socket
    const token = await this.options.token(true).catch(() => undefined)
    if (this.socket !== socket) return
    if (token === null) this.stop()
    else {
      if (token !== undefined) this.send({ op: 'auth', token })
      // Until the server says `ready`, which sets the time of the next renewal.
      this.setTimer('renew', 5000, () => void this.renew())
    }
  }

  private ping(): void {
    this.send({ op: 'ping' })
    this.setTimer('silent', SILENT_MS, () => this.handleClose(0))
  }

  private handleClose(code: number): void {
    this.drop()
    if (this.stopped) return
    this.options.onConnection('waiting')
    this.freshToken = code === CLOSE.signIn
    if (code === CLOSE.signIn) this.refused += 1
    const slow = code === CLOSE.tooMuch || code === CLOSE.origin || this.refused > 1
    this.setTimer('connect', this.backoffDelay(slow ? BACKOFF_MS.tooMuch : BACKOFF_MS.first), () =>
      this.connect(),
    )
  }

  /** Half fixed, half random, so that a restarted server is not met by everyone at once. */
  private backoffDelay(first: number): number {
    const most = Math.min(first * 2 ** this.attempts, BACKOFF_MS.most)
    this.attempts += 1
    return most / 2 + (most / 2) * (this.options.random ?? Math.random)()
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    this.ready = false
    for (const timer of this.timers.keys()) this.clearTimer(timer)
    for (const run of this.subscriptions.values()) run.stop()
    socket?.close()
  }

  private setTimer(name: string, ms: number, action: () => void): void {
    this.clearTimer(name)
    this.timers.set(name, setTimeout(action, ms))
  }

  private clearTimer(name: string): void {
    clearTimeout(this.timers.get(name))
    this.timers.delete(name)
  }
}
