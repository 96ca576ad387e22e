import { ChatSocket, type Connection } from './agent/socket'
import { Api } from './api/client'
import { uploadFile } from './api/files'
import { fileUrl } from './api/paths'
import { Tokens } from './api/tokens'
import type {
  Agent,
  Config,
  MediaOptions,
  Model,
  Profile,
  ProfileChanges,
  TokenPair,
  Voice,
} from './api/types'
import type { UploadWatch } from './api/upload'
import { Conversation } from './chat/conversation.svelte'
import { USUAL_MAX_BYTES } from './composer/attachments.svelte'
import { PinnedChoices } from './composer/choices'
import { Drafts } from './composer/draft.svelte'
import { Files } from './files/files.svelte'
import { clearMedia } from './files/media'
import { Keys } from './keys/keys.svelte'
import { agentLabels } from './shared/agents'
import { type Problem, problemOf } from './shared/problem'
import { router, threadHash } from './shared/route.svelte'
import { Threads } from './threads/threads.svelte'

type Phase = 'starting' | 'signed-out' | 'signed-in'

const JSON_POST = { method: 'POST', headers: { 'Content-Type': 'application/json' } } as const

/** What is gone shows on its own page, and a sign-in that ended is renewed. */
const SHOWN_ELSEWHERE = /_not_found$|^not_authenticated$/

const refreshAt = (refresh: string) =>
  fetch('/api/token/refresh/', {
    ...JSON_POST,
    body: JSON.stringify({ refresh }),
    credentials: 'omit',
  })

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
  agents = $state.raw<Agent[]>([])
  voices = $state.raw<Voice[]>([])
  /** What pictures and speech can be like with the chosen key; null: not loaded yet. */
  media = $state.raw<MediaOptions | null>(null)
  /** Something that went wrong outside of any form or answer. */
  notice = $state.raw<Problem | null>(null)

  private readonly tokens = new Tokens(localStorage, refreshAt)
  readonly api = new Api(this.tokens, () => this.handleSignedOut())
  readonly keys = new Keys(this.api, async () => {
    await Promise.all([this.loadModels(), this.media && this.loadMedia(true)])
    void this.refreshModels()
  })
  readonly files = new Files(this.api)
  readonly threads = new Threads(this.api)
  readonly socket = new ChatSocket({
    open: openSocket,
    token: (fresh) => this.tokens.token(fresh),
    onConnection: (state) => this.handleConnection(state),
    onStarted: (threadId, runId) => this.conversation.handleStarted(threadId, runId),
    onRejected: ({ code, message }) => {
      if (!SHOWN_ELSEWHERE.test(code)) this.notice = { code, message }
    },
  })
  private readonly uploads = {
    maxBytes: () => this.config?.upload_max_bytes ?? USUAL_MAX_BYTES,
    send: (file: File, watch: UploadWatch) => uploadFile(this.api, file, watch),
    // At worst it stays in the list of files, from where it can be deleted.
    drop: (id: string) => void this.api.remove(fileUrl(id)).catch(() => undefined),
  }
  readonly conversation = new Conversation({
    api: this.api,
    socket: this.socket,
    drafts: new Drafts(this.uploads, new PinnedChoices(localStorage)),
    mediaContext: () => ({ media: this.media, voice: this.me?.voice ?? '' }),
    onRun: (threadId, runId) => {
      this.threads.mark(threadId, runId)
      void this.attempt(this.threads.load())
    },
    onOpened: (threadId) => router.rename(threadHash(threadId)),
  })

  async start(): Promise<void> {
    addEventListener('online', () => this.socket.reconnectNow())
    document.addEventListener(
      'visibilitychange',
      () => !document.hidden && this.socket.reconnectNow(),
    )
    addEventListener('storage', () => this.syncWithOtherTab())
    void this.attempt(this.loadConfig())
    if (this.tokens.signedIn) await this.handleSignedIn()
    else this.phase = 'signed-out'
  }

  async signIn(username: string, password: string): Promise<void> {
    this.tokens.accept(
      await this.api.anonymous<TokenPair>('POST', '/api/token/', { username, password }),
    )
    await this.handleSignedIn()
  }

  async register(username: string, password: string): Promise<void> {
    const body = { username, password }
    this.tokens.accept(await this.api.anonymous<TokenPair>('POST', '/api/register/', body))
    await this.handleSignedIn()
  }

  async signOut(): Promise<void> {
    const refresh = this.tokens.refresh
    if (refresh !== null) await this.attempt(this.api.post('/api/token/logout/', { refresh }))
    this.handleSignedOut()
    router.rename('#/') // whoever sits here next need not know which conversation was open
  }

  /** Changes the profile; what is not named stays as it is. */
  async change(changes: ProfileChanges): Promise<void> {
    this.me = await this.api.patch<Profile>('/api/me/', changes)
  }

  /** What others did to the account has been read. */
  async readNotices(upTo: number): Promise<void> {
    await this.api.post('/api/me/notices/read/', { up_to: upTo })
    if (this.me) this.me = { ...this.me, notices: this.me.notices.filter(({ id }) => id > upTo) }
  }

  /** The voices there are; loaded when the first component needs them. */
  async loadVoices(): Promise<void> {
    if (this.voices.length === 0) this.voices = await this.api.get<Voice[]>('/api/voices/')
  }

  /** The options of pictures and speech; loaded when the first component needs them. */
  async loadMedia(anew = false): Promise<void> {
    if (this.media === null || anew) this.media = await this.api.get<MediaOptions>('/api/media/')
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
    this.config = await this.api.anonymous<Config>('GET', '/api/config/')
  }

  /** Which of them can be used depends on the chosen key. */
  private async loadModels(): Promise<void> {
    this.models = await this.api.get<Model[]>('/api/models/')
  }

  private setAgents(agents: Agent[]): void {
    this.agents = agents
    for (const { name, label } of agents) agentLabels.set(name, label)
  }

  /** Has the server list at Google which models the chosen key has, where that is not known. */
  private async refreshModels(): Promise<void> {
    const key = this.keys.list?.find(({ selected, lent }) => selected && !lent)
    if (
      !key?.is_active ||
      key.status !== 'active' ||
      this.models.every(({ available }) => available !== null)
    )
      return
    // No list, no harm: all models stay on offer, and a run tells what the key lacks.
    const listed = this.api.get(`/api/keys/${key.id}/models/`).then(async () => {
      await Promise.all([this.loadModels(), this.media && this.loadMedia(true)])
    })
    await listed.catch(() => undefined)
  }

  private async handleSignedIn(): Promise<void> {
    this.phase = 'signed-in'
    this.notice = null
    this.socket.start()
    await this.attempt(
      Promise.all([
        this.api.get<Profile>('/api/me/').then((me) => (this.me = me)),
        this.api.get<Agent[]>('/api/agents/').then((agents) => this.setAgents(agents)),
        this.loadModels(),
        this.keys.load(),
        this.threads.load(),
      ]),
    )
    void this.refreshModels()
  }

  private handleSignedOut(): void {
    this.tokens.clear()
    this.phase = 'signed-out'
    this.conversation.clear()
    this.socket.stop()
    this.me = null
    this.notice = null
    this.models = []
    this.agents = []
    this.voices = []
    this.media = null
    this.keys.list = null
    this.threads.list = null
    this.files.clear()
    clearMedia()
  }

  private handleConnection(state: Connection): void {
    this.connection = state
    if (state === 'closed' && this.phase === 'signed-in' && !this.tokens.signedIn)
      this.handleSignedOut()
  }

  /** Signing in or out is meant for the browser, not for one tab of it. */
  private syncWithOtherTab(): void {
    if (this.phase === 'signed-in' && !this.tokens.signedIn) this.handleSignedOut()
    else if (this.phase === 'signed-out' && this.tokens.signedIn) void this.handleSignedIn()
  }
}

export const app = new App()
