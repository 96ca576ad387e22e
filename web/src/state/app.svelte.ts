import { ChatSocket, type Connection } from '../agent/socket'
import { Api } from '../api/client'
import { Tokens } from '../api/tokens'
import type { Config, Model, Profile, TokenPair } from '../api/types'
import { Conversation, type Problem, problemOf } from './conversation.svelte'
import { Keys } from './keys.svelte'
import { forgetMedia } from './media'
import { router, threadHash } from './route.svelte'
import { Threads } from './threads.svelte'

type Phase = 'starting' | 'signed-out' | 'signed-in'

const JSON_POST = { method: 'POST', headers: { 'Content-Type': 'application/json' } } as const

/** What is gone shows on its own page, and a sign-in that ended is renewed. */
const TOLD_ELSEWHERE = /_not_found$|^not_authenticated$/

const refreshAt = (refresh: string) =>
  fetch('/api/token/refresh/', { ...JSON_POST, body: JSON.stringify({ refresh }), credentials: 'omit' })

function openSocket(): WebSocket {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(`${scheme}//${location.host}/chat/stream`)
}

/** The page as a whole: who is signed in, and the parts that work on their behalf. */
class App {
  phase = $state<Phase>('starting')
  connection = $state<Connection>('closed')
  config = $state.raw<Config | null>(null)
  me = $state.raw<Profile | null>(null)
  models = $state.raw<Model[]>([])
  /** Something that went wrong outside of any form or answer. */
  notice = $state.raw<Problem | null>(null)

  private readonly tokens = new Tokens(localStorage, refreshAt)
  readonly api = new Api(this.tokens, () => this.end())
  readonly keys = new Keys(this.api)
  readonly threads = new Threads(this.api)
  readonly socket = new ChatSocket({
    open: openSocket,
    token: (fresh) => this.tokens.token(fresh),
    onConnection: (state) => this.isConnection(state),
    onStarted: (threadId, runId) => this.conversation.isStarted(threadId, runId),
    onRejected: ({ code, message }) => {
      if (!TOLD_ELSEWHERE.test(code)) this.notice = { code, message }
    },
  })
  readonly conversation = new Conversation({
    api: this.api,
    socket: this.socket,
    onRun: (threadId, runId) => {
      this.threads.mark(threadId, runId)
      void this.attempt(this.threads.load())
    },
    onOpened: (threadId) => router.rename(threadHash(threadId)),
  })

  async start(): Promise<void> {
    addEventListener('online', () => this.socket.hurry())
    document.addEventListener('visibilitychange', () => !document.hidden && this.socket.hurry())
    addEventListener('storage', () => this.otherTab())
    void this.attempt(this.loadConfig())
    if (this.tokens.signedIn) await this.enter()
    else this.phase = 'signed-out'
  }

  async signIn(username: string, password: string): Promise<void> {
    this.tokens.accept(await this.api.open<TokenPair>('POST', '/api/token/', { username, password }))
    await this.enter()
  }

  async register(username: string, password: string): Promise<void> {
    const body = { username, password }
    this.tokens.accept(await this.api.open<TokenPair>('POST', '/api/register/', body))
    await this.enter()
  }

  async signOut(): Promise<void> {
    const refresh = this.tokens.refresh
    if (refresh !== null) await this.attempt(this.api.post('/api/token/logout/', { refresh }))
    this.end()
  }

  async chooseModel(id: string): Promise<void> {
    this.me = await this.api.patch<Profile>('/api/me/', { ai_model: id })
  }

  /** Runs something whose failure the user should see but which no form waits for. */
  async attempt(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.notice = problemOf(error)
    }
  }

  private async loadConfig(): Promise<void> {
    this.config = await this.api.open<Config>('GET', '/api/config/')
  }

  private async enter(): Promise<void> {
    this.phase = 'signed-in'
    this.notice = null
    this.socket.start()
    await this.attempt(
      Promise.all([
        this.api.get<Profile>('/api/me/').then((me) => (this.me = me)),
        this.api.get<Model[]>('/api/models/').then((models) => (this.models = models)),
        this.keys.load(),
        this.threads.load(),
      ]),
    )
  }

  private end(): void {
    this.tokens.clear()
    this.phase = 'signed-out'
    this.conversation.forget()
    this.socket.stop()
    this.me = null
    this.keys.list = null
    this.threads.list = null
    forgetMedia()
  }

  private isConnection(state: Connection): void {
    this.connection = state
    if (state === 'closed' && this.phase === 'signed-in' && !this.tokens.signedIn) this.end()
  }

  /** Signing in or out is meant for the browser, not for one tab of it. */
  private otherTab(): void {
    if (this.phase === 'signed-in' && !this.tokens.signedIn) this.end()
    else if (this.phase === 'signed-out' && this.tokens.signedIn) void this.enter()
  }
}

export const app = new App()
