import type { Parsed } from '../agui/parse'
import { parseEvent } from '../agui/parse'
import { emptyRun, isOver, reduceAll } from '../agui/reduce'
import type { RunView } from '../agui/frames'
import { type ChatSocket, Rejected, type RunListener } from '../agent/socket'
import type { AgentChoice, RunInput } from '../agent/wire'
import { type Api, ApiError } from '../api/client'
import type { History } from '../api/types'
import { uuid } from '../ids'
import { turnsOf } from './history'
import { Pace } from './pace'

export class Turn {
  view = $state.raw<RunView>() as RunView
  sending = $state(false)

  constructor(
    readonly runId: string,
    readonly prompt: string | null,
    view: RunView = emptyRun(runId),
  ) {
    this.view = view
  }

  get over(): boolean {
    return isOver(this.view)
  }
}

export interface Problem {
  code: string
  message: string
}

/** Room for the rest of the frame, of which the server takes 64 KiB. */
const PROMPT_MAX_BYTES = 60_000

interface Surroundings {
  api: Api
  socket: ChatSocket
  /** A run of this thread began (or ended, with null): the list of threads shows that. */
  onRun(threadId: string, runId: string | null): void
  onOpened(threadId: string): void
}

/** The thread on screen: what is stored of it, what streams into it, and what is being written. */
export class Conversation {
  threadId = $state<string | null>(null)
  turns = $state.raw<Turn[]>([])
  draft = $state('')
  agent = $state<AgentChoice>('auto')
  model = $state<string | null>(null)
  loading = $state(false)
  /** Why the thread cannot be shown. */
  problem = $state.raw<Problem | null>(null)
  /** Why the last message was not sent. */
  refusal = $state.raw<Problem | null>(null)

  running = $derived(this.turns.find((turn) => !turn.over) ?? null)

  private visit = 0
  private readonly drafts = new Map<string | null, string>()

  constructor(private readonly around: Surroundings) {}

  open(threadId: string | null): void {
    if (threadId !== null && threadId === this.threadId && this.problem === null) return
    this.leave()
    this.threadId = threadId
    this.draft = this.drafts.get(threadId) ?? ''
    if (threadId === null) return
    this.around.socket.watch(threadId)
    void this.load()
  }

  /** Reads what is stored and goes on with what still runs. */
  async load(): Promise<void> {
    const visit = ++this.visit
    this.loading = this.turns.length === 0
    try {
      const history = await this.around.api.get<History>(`/api/threads/${this.threadId}/messages/`)
      if (visit === this.visit) this.show(history)
    } catch (error) {
      if (visit === this.visit) this.problem = problemOf(error)
    } finally {
      if (visit === this.visit) this.loading = false
    }
  }

  async send(text: string): Promise<void> {
    if (this.running || text.trim() === '') return
    const excess = new TextEncoder().encode(JSON.stringify(text)).length - PROMPT_MAX_BYTES
    if (excess > 0) {
      const message = `This message is about ${excess} characters too long. Send it in parts.`
      this.refusal = { code: 'too_long', message }
      return
    }
    const turn = new Turn(uuid(), text)
    turn.sending = true
    this.threadId ??= uuid()
    const threadId = this.threadId
    this.turns = [...this.turns, turn]
    this.draft = ''
    this.refusal = null
    try {
      await this.around.socket.run(this.input(threadId, turn), this.listener(threadId, turn))
      turn.sending = false
      this.around.onRun(threadId, turn.runId)
      if (this.threadId === threadId) this.opened(threadId)
    } catch (error) {
      this.takeBack(threadId, turn, problemOf(error))
    }
  }

  private opened(threadId: string): void {
    this.around.socket.watch(threadId)
    this.around.onOpened(threadId)
  }

  async stop(): Promise<void> {
    const turn = this.running
    const { socket, api } = this.around
    if (!turn || socket.withdraw(turn.runId) || socket.cancel(turn.runId)) return
    await api.post(`/api/runs/${turn.runId}/cancel/`).catch((error: unknown) => {
      this.refusal = problemOf(error)
    })
  }

  /** Another tab (or the terminal) began a run in this thread. */
  isStarted(threadId: string, runId: string): void {
    this.around.onRun(threadId, runId)
    const known = this.turns.some((turn) => turn.runId === runId)
    if (threadId === this.threadId && !known) void this.load()
  }

  /** For whoever signs in next: nothing of this user stays. */
  forget(): void {
    this.leave()
    this.drafts.clear()
    this.draft = ''
  }

  leave(): void {
    this.visit += 1
    for (const turn of this.turns) if (!turn.sending) this.around.socket.forget(turn.runId)
    this.drafts.set(this.threadId, this.draft)
    this.turns = []
    this.threadId = null
    this.problem = null
    this.refusal = null
    this.loading = false
  }

  private show(history: History): void {
    this.problem = null
    const stored = turnsOf(history)
    const have = new Map(this.turns.map((turn) => [turn.runId, turn]))
    const known = new Set(stored.map((turn) => turn.runId))
    const shown = stored.map(({ runId, prompt, view, followAfter }) => {
      const live = have.get(runId)
      if (live?.sending) return live
      this.around.socket.forget(runId)
      const turn = new Turn(runId, prompt, view)
      if (followAfter !== null) this.follow(turn, followAfter)
      return turn
    })
    this.turns = [...shown, ...this.turns.filter((turn) => turn.sending && !known.has(turn.runId))]
  }

  private follow(turn: Turn, after: number): void {
    const listener = this.listener(this.threadId as string, turn)
    this.around.socket.follow(turn.runId, after, listener)
  }

  private input(threadId: string, turn: Turn): RunInput {
    const model = this.model === null ? {} : { model: this.model }
    return {
      threadId,
      runId: turn.runId,
      messages: [{ id: uuid(), role: 'user', content: turn.prompt ?? '' }],
      forwardedProps: { agent: this.agent, ...model },
    }
  }

  private listener(threadId: string, turn: Turn): RunListener {
    const { socket, onRun } = this.around
    const pace = new Pace<Parsed>((parsed) => {
      turn.view = reduceAll(turn.view, parsed)
      if (!turn.over) return
      socket.forget(turn.runId)
      onRun(threadId, null)
    })
    return {
      event: (event) => pace.push(parseEvent(event)),
      resync: () => {
        pace.now()
        if (threadId === this.threadId) void this.load()
      },
    }
  }

  /** What was refused goes back to where it can be changed, before anything written since. */
  private takeBack(threadId: string, turn: Turn, problem: Problem): void {
    const whole = (written: string | undefined) =>
      [turn.prompt, written].filter(Boolean).join('\n\n')
    if (threadId !== this.threadId) {
      this.drafts.set(threadId, whole(this.drafts.get(threadId)))
      return
    }
    this.turns = this.turns.filter((other) => other !== turn)
    this.draft = whole(this.draft)
    // A thread that never came to be; the next message may open another one.
    if (this.turns.length === 0) this.threadId = null
    if (problem.code !== 'withdrawn') this.refusal = problem
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError || error instanceof Rejected) {
    return { code: error.code, message: error.message }
  }
  throw error
}
