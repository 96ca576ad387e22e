import { type Parsed, parseEvent } from '../agui/parse'
import { reduceAll } from '../agui/reduce'
import type { RunListener } from '../agent/followed'
import type { ChatSocket } from '../agent/socket'
import type { RunInput } from '../agent/wire'
import type { Api } from '../api/client'
import type { Question } from '../api/estimate'
import type { History, SentFile } from '../api/types'
import { uuid } from '../shared/ids'
import { placeOf } from './branches'
import type { Choice } from '../composer/choice'
import { propsOf } from '../composer/choices'
import { contentOf } from '../composer/content'
import type { Desk, Desks } from '../composer/desk.svelte'
import type { Known } from '../composer/mediachoices'
import { turnsOf } from './history'
import { Pace } from './pace'
import { type Problem, problemOf } from '../shared/problem'
import { Tree } from './tree.svelte'
import { Turn } from './turn.svelte'

/** Room for the rest of the frame, of which the server takes 64 KiB. */
const PROMPT_MAX_BYTES = 60_000

interface Surroundings {
  api: Api
  socket: ChatSocket
  desks: Desks
  /** What bounds a choice of pictures and speech. */
  known(): Known
  /** A run of this thread began (or ended, with null): the list of threads shows that. */
  onRun(threadId: string, runId: string | null): void
  onOpened(threadId: string): void
}

/** What is to be other than it was: the words, the model, or files left out. */
export interface Change {
  text?: string
  model?: string
  without?: string[]
}

/** The thread on screen: what is stored of it, what streams into it, and what is being written. */
export class Conversation {
  threadId = $state<string | null>(null)
  readonly tree = new Tree<Turn>()
  /** The branch on screen. */
  turns = $derived(this.tree.path)
  desk = $state.raw<Desk>() as Desk
  loading = $state(false)
  /** Where what was said before begins, which is not loaded yet. */
  private earlier = $state<string | null>(null)
  loadingEarlier = $state(false)
  /** Why the thread cannot be shown. */
  problem = $state.raw<Problem | null>(null)
  /** Why the last message was not sent. */
  refusal = $state.raw<Problem | null>(null)

  /** A message of this thread that is being written anew. */
  editing = $state.raw<{ runId: string; text: string } | null>(null)

  running = $derived(this.tree.all.find((turn) => !turn.over) ?? null)
  /** Goes on in a branch that is not on screen: begun in another tab, most likely. */
  elsewhere = $derived(this.running && !this.turns.includes(this.running) ? this.running : null)

  hasEarlier = $derived(this.earlier !== null)

  private visit = 0

  constructor(private readonly around: Surroundings) {
    this.desk = around.desks.of(null)
  }

  /** How this thread's messages are to be answered, from the next one on. */
  choose(change: Partial<Choice>): void {
    this.around.desks.choose(this.threadId, change)
  }

  /** Sets the user's instructions for this thread; a new one takes them with its first message. */
  async instruct(instructions: string): Promise<void> {
    const { desk, threadId } = this
    if (threadId !== null) await this.around.api.patch(`/api/threads/${threadId}/`, { instructions })
    desk.instructions = instructions
  }

  /** What the server is asked to estimate: all that Send would send now. */
  get question(): Question {
    return this.desk.questionTo(this.threadId, this.turns.at(-1)?.runId, this.around.known())
  }

  open(threadId: string | null): void {
    if (threadId !== null && threadId === this.threadId && this.problem === null) return
    this.leave()
    this.threadId = threadId
    this.tree.open(threadId)
    this.desk = this.around.desks.of(threadId)
    if (threadId === null) return
    this.around.socket.watch(threadId)
    void this.load()
  }

  /** Reads what is stored and goes on with what still runs. */
  async load(): Promise<void> {
    const visit = ++this.visit
    this.loading = this.tree.all.length === 0
    try {
      const history = await this.page()
      if (visit === this.visit) this.show(history)
    } catch (error) {
      if (visit === this.visit) this.problem = problemOf(error)
    } finally {
      if (visit === this.visit) this.loading = false
    }
  }

  /** Reads the page before, and on until what the branch on screen continues is there. */
  async loadEarlier(): Promise<void> {
    if (this.loadingEarlier) return
    const { threadId } = this
    const parent = this.turns[0]?.parentRunId ?? null
    const found = () => parent === null || this.tree.all.some(({ runId }) => runId === parent)
    this.loadingEarlier = true
    try {
      do {
        const cursor = this.earlier
        if (cursor === null) return
        const history = await this.page(cursor)
        // The newest page may have been read again meanwhile, which changes nothing here.
        if (threadId !== this.threadId || cursor !== this.earlier) return
        this.tree.prepend(this.stored(history))
        this.earlier = history.next ?? null
      } while (!found())
    } catch (error) {
      if (threadId === this.threadId) this.refusal = problemOf(error)
    } finally {
      this.loadingEarlier = false
    }
  }

  private page(cursor?: string): Promise<History> {
    const query = cursor === undefined ? '' : `?${new URLSearchParams({ cursor })}`
    return this.around.api.get<History>(`/api/threads/${this.threadId}/messages/${query}`)
  }

  /** Sends what is on the desk, whose uploads are over. */
  async submit(allowKey = false): Promise<void> {
    const { desk } = this
    if (this.running || desk.empty || this.isTooLong(desk.text)) return
    if (desk.files.failed.length > 0) {
      const message = 'Some files were not uploaded. Try them again or remove them, then send.'
      this.refusal = { code: 'not_uploaded', message }
      return
    }
    const text = desk.text
    const links = desk.links.take()
    desk.text = ''
    await this.send(text, [...desk.files.take(), ...links], allowKey)
  }

  async send(text: string, files: SentFile[] = [], allowKey = false): Promise<void> {
    if (this.running || (text.trim() === '' && files.length === 0) || this.isTooLong(text)) return
    const turn = new Turn(uuid(), text, undefined, files, this.turns.at(-1)?.runId)
    turn.allowKey = allowKey
    const isFirst = this.threadId === null
    await this.begin(turn, this.desk.choice, (threadId) => this.takeBack(isFirst, threadId, turn))
  }

  /** Asks for another version of a turn: the same again, or with a change. */
  async again(turn: Turn, change: Change = {}): Promise<void> {
    const text = change.text ?? turn.prompt ?? ''
    if (this.running || this.isTooLong(text)) return
    const files = turn.attachments.filter(({ id }) => !change.without?.includes(id))
    if (text.trim() === '' && files.length === 0) {
      this.editing = { runId: turn.runId, text }
      return
    }
    const version = new Turn(uuid(), text, undefined, files, turn.parentRunId)
    version.allowKey = text === turn.prompt // it was sent and stored before
    const choice = { ...this.desk.choice, model: change.model ?? this.desk.choice.model }
    this.editing = null
    await this.begin(version, choice, (threadId) => {
      if (threadId !== this.threadId) return
      this.tree.remove(version, turn.runId)
      if (change.text !== undefined) this.editing = { runId: turn.runId, text }
    })
  }

  private async begin(turn: Turn, choice: Choice, undo: (threadId: string) => void): Promise<void> {
    turn.sending = true
    if (this.threadId === null) {
      this.threadId = uuid()
      this.around.desks.move(null, this.threadId)
    }
    const threadId = this.threadId
    this.tree.name(threadId)
    this.tree.add(turn)
    this.refusal = null
    try {
      const input = this.input(threadId, turn, choice)
      await this.around.socket.run(input, this.listener(threadId, turn))
      turn.sending = false
      this.around.onRun(threadId, turn.runId)
      if (this.threadId === threadId) this.opened(threadId)
    } catch (error) {
      const problem = problemOf(error)
      const isShown = threadId === this.threadId
      undo(threadId)
      if (isShown && problem.code !== 'withdrawn') this.refusal = problem
    }
  }

  private isTooLong(text: string): boolean {
    const along = this.threadId === null ? this.desk.instructions : ''
    const bytes = new TextEncoder().encode(JSON.stringify([text, along])).length
    const excess = bytes - PROMPT_MAX_BYTES
    if (excess <= 0) return false
    const message = `This message is about ${excess} characters too long. Send it in parts.`
    this.refusal = { code: 'too_long', message }
    return true
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
    const known = this.tree.all.some((turn) => turn.runId === runId)
    if (threadId === this.threadId && !known) void this.load()
  }

  /** For whoever signs in next: nothing of this user stays. */
  forget(): void {
    this.leave()
    this.tree.forget()
    this.around.desks.forget()
    this.desk = this.around.desks.of(null)
  }

  leave(): void {
    this.visit += 1
    for (const turn of this.tree.all) if (!turn.sending) this.around.socket.forget(turn.runId)
    this.tree.open(null)
    this.editing = null
    this.threadId = null
    this.problem = null
    this.refusal = null
    this.loading = false
    this.earlier = null
  }

  /** The newest page; what was loaded before it stays, if the two meet. */
  private show(history: History): void {
    this.problem = null
    this.desk.instructions = history.thread.instructions ?? ''
    const page = this.stored(history)
    const inPage = new Set(page.map((turn) => turn.runId))
    const others = this.tree.all.filter((turn) => !inPage.has(turn.runId))
    const meets = others.length < this.tree.all.length
    const earlier = history.next && meets ? others.filter((turn) => !turn.sending) : []
    if (earlier.length === 0) this.earlier = history.next ?? null
    this.tree.show([...earlier, ...page, ...others.filter((turn) => turn.sending)])
  }

  private stored(history: History): Turn[] {
    const have = new Map(this.tree.all.map((turn) => [turn.runId, turn]))
    return turnsOf(history).map((told) => {
      const live = have.get(told.runId)
      if (live?.sending) {
        live.parentRunId = told.parentRunId
        return live
      }
      this.around.socket.forget(told.runId)
      const turn = new Turn(told.runId, told.prompt, told.view, told.attachments, told.parentRunId)
      turn.failedAt = live?.failedAt ?? null
      if (told.followAfter !== null) this.follow(turn, told.followAfter)
      return turn
    })
  }

  private follow(turn: Turn, after: number): void {
    const listener = this.listener(this.threadId as string, turn)
    this.around.socket.follow(turn.runId, after, listener)
  }

  private input(threadId: string, turn: Turn, choice: Choice): RunInput {
    const isNew = this.tree.all.length === 1
    const place = placeOf(turn.parentRunId, isNew)
    const { instructions } = this.around.desks.of(threadId)
    const content = contentOf(turn.prompt ?? '', turn.attachments)
    return {
      threadId,
      runId: turn.runId,
      ...place.input,
      messages: [{ id: uuid(), role: 'user', content }],
      forwardedProps: {
        ...propsOf(choice, this.around.known()),
        ...place.props,
        ...(isNew && instructions !== '' ? { instructions } : {}),
        ...(turn.allowKey ? { allowKey: true } : {}),
      },
    }
  }

  private listener(threadId: string, turn: Turn): RunListener {
    const { socket, onRun } = this.around
    const pace = new Pace<Parsed>((parsed) => {
      turn.view = reduceAll(turn.view, parsed)
      if (!turn.over) return
      if (turn.view.error) turn.failedAt = Date.now()
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
  private takeBack(isFirst: boolean, threadId: string, turn: Turn): void {
    const { desks } = this.around
    const isShown = threadId === this.threadId
    // A first message that did not leave: its thread never came to be.
    const home = isFirst ? null : threadId
    if (isFirst && (isShown || desks.of(null).empty)) desks.move(threadId, null)
    const desk = desks.of(home)
    desk.text = [turn.prompt, desk.text].filter(Boolean).join('\n\n')
    desk.files.giveBack(turn.attachments.filter(({ address }) => address === undefined))
    desk.links.giveBack(turn.prompt ?? '', turn.attachments)
    if (!isShown) return
    this.tree.remove(turn)
    this.threadId = home
    this.desk = desk
  }
}
