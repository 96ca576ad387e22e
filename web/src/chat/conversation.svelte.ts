import type { RunListener } from '../agent/run-subscription'
import type { ChatSocket } from '../agent/socket'
import { type Parsed, parseEvent } from '../agui/parse'
import { reduceAll } from '../agui/reduce'
import type { Api } from '../api/client'
import type { EstimateRequest, History, SentFile } from '../api/types'
import type { Choice } from '../composer/choice'
import { propsOf } from '../composer/choices'
import type { Draft, Drafts } from '../composer/draft.svelte'
import type { MediaContext } from '../composer/media-choices'
import { uuid } from '../shared/ids'
import { type Problem, problemOf } from '../shared/problem'
import { FrameBatcher } from './frame-batcher'
import { snapshotsOf } from './history'
import { excessBytes, runInput } from './run-input'
import { Run } from './run.svelte'
import { Tree } from './tree.svelte'

interface Dependencies {
  api: Api
  socket: ChatSocket
  drafts: Drafts
  /** What bounds a choice of pictures and speech. */
  mediaContext(): MediaContext
  /** A run of this thread began (or ended, with null): the list of threads shows that. */
  onRun: (threadId: string, runId: string | null) => void
  onOpened(threadId: string): void
}

/** What is to be other than it was: the words, the model, or files left out. */
export interface RunChange {
  text?: string
  model?: string
  without?: string[]
}

/** The thread on screen: what is stored of it, what streams into it, and what is being written. */
export class Conversation {
  threadId = $state<string | null>(null)
  readonly tree = new Tree<Run>()
  /** The branch on screen. */
  runs = $derived(this.tree.path)
  draft = $state.raw<Draft>() as Draft
  loading = $state(false)
  /** The cursor of the page of earlier messages; null when all are loaded. */
  private earlier = $state<string | null>(null)
  loadingEarlier = $state(false)
  /** Why the thread cannot be shown. */
  problem = $state.raw<Problem | null>(null)
  /** Why the last message was not sent. */
  refusal = $state.raw<Problem | null>(null)

  /** A message of this thread that is being written anew. */
  editing = $state.raw<{ runId: string; text: string } | null>(null)

  running = $derived(this.tree.all.find((run) => !run.over) ?? null)
  /** Goes on in a branch that is not on screen: begun in another tab, most likely. */
  runningElsewhere = $derived(
    this.running && !this.runs.includes(this.running) ? this.running : null,
  )

  hasEarlier = $derived(this.earlier !== null)

  /** Raised by every load and close: a response to what came before is dropped. */
  private epoch = 0

  constructor(private readonly deps: Dependencies) {
    this.draft = deps.drafts.get(null)
  }

  /** How this thread's messages are to be answered, from the next one on. */
  choose(change: Partial<Choice>): void {
    this.deps.drafts.choose(this.threadId, change)
  }

  /** Sets the user's instructions for this thread; a new one takes them with its first message. */
  async setInstructions(instructions: string): Promise<void> {
    const { draft, threadId } = this
    if (threadId !== null) await this.deps.api.patch(`/api/threads/${threadId}/`, { instructions })
    draft.instructions = instructions
  }

  /** The request for an estimate: all that Send would send now. */
  get estimateRequest(): EstimateRequest {
    return this.draft.estimateRequest(
      this.threadId,
      this.runs.at(-1)?.runId,
      this.deps.mediaContext(),
    )
  }

  open(threadId: string | null): void {
    if (threadId !== null && threadId === this.threadId && this.problem === null) return
    this.close()
    this.threadId = threadId
    this.tree.open(threadId)
    this.draft = this.deps.drafts.get(threadId)
    if (threadId === null) return
    this.deps.socket.watch(threadId)
    void this.load()
  }

  /** Reads what is stored and goes on with what still runs. */
  async load(): Promise<void> {
    const epoch = ++this.epoch
    this.loading = this.tree.all.length === 0
    try {
      const history = await this.page()
      if (epoch === this.epoch) this.showHistory(history)
    } catch (error) {
      if (epoch === this.epoch) this.problem = problemOf(error)
    } finally {
      if (epoch === this.epoch) this.loading = false
    }
  }

  /** Reads the page before, and on until what the branch on screen continues is there. */
  async loadEarlier(): Promise<void> {
    if (this.loadingEarlier) return
    const { threadId } = this
    const parent = this.runs[0]?.parentRunId ?? null
    const isComplete = () => parent === null || this.tree.all.some(({ runId }) => runId === parent)
    this.loadingEarlier = true
    try {
      do {
        const cursor = this.earlier
        if (cursor === null) return
        const history = await this.page(cursor)
        // The newest page may have been read again meanwhile, which changes nothing here.
        if (threadId !== this.threadId || cursor !== this.earlier) return
        this.tree.prepend(this.restore(history))
        this.earlier = history.next
      } while (!isComplete())
    } catch (error) {
      if (threadId === this.threadId) this.refusal = problemOf(error)
    } finally {
      this.loadingEarlier = false
    }
  }

  private page(cursor?: string): Promise<History> {
    const query = cursor === undefined ? '' : `?${new URLSearchParams({ cursor })}`
    return this.deps.api.get<History>(`/api/threads/${this.threadId}/messages/${query}`)
  }

  /** Sends the draft, whose uploads are over. */
  async submit(allowKey = false): Promise<void> {
    const { draft } = this
    if (this.running || draft.empty || this.refuseTooLong(draft.text)) return
    if (draft.files.failed.length > 0) {
      const message = 'Some files were not uploaded. Try them again or remove them, then send.'
      this.refusal = { code: 'not_uploaded', message }
      return
    }
    const text = draft.text
    const links = draft.links.drain()
    draft.text = ''
    await this.send(text, [...draft.files.drain(), ...links], allowKey)
  }

  async send(text: string, files: SentFile[] = [], allowKey = false): Promise<void> {
    if (this.running || (text.trim() === '' && files.length === 0) || this.refuseTooLong(text))
      return
    const parentRunId = this.runs.at(-1)?.runId ?? null
    const run = new Run({ runId: uuid(), parentRunId, prompt: text, attachments: files, allowKey })
    const isFirst = this.threadId === null
    await this.start(run, this.draft.choice, (threadId) =>
      this.restoreDraft(isFirst, threadId, run),
    )
  }

  /** Asks for another version of a run: the same again, or with a change. */
  async regenerate(run: Run, change: RunChange = {}): Promise<void> {
    const text = change.text ?? run.prompt ?? ''
    if (this.running || this.refuseTooLong(text)) return
    const files = run.attachments.filter(({ id }) => !change.without?.includes(id))
    if (text.trim() === '' && files.length === 0) {
      this.editing = { runId: run.runId, text }
      return
    }
    const { parentRunId } = run
    const allowKey = text === run.prompt // it was sent and stored before
    const version = new Run({
      runId: uuid(),
      parentRunId,
      prompt: text,
      attachments: files,
      allowKey,
    })
    const choice = { ...this.draft.choice, model: change.model ?? this.draft.choice.model }
    this.editing = null
    await this.start(version, choice, (threadId) => {
      if (threadId !== this.threadId) return
      this.tree.remove(version, run.runId)
      if (change.text !== undefined) this.editing = { runId: run.runId, text }
    })
  }

  private async start(run: Run, choice: Choice, undo: (threadId: string) => void): Promise<void> {
    run.sending = true
    if (this.threadId === null) {
      this.threadId = uuid()
      this.deps.drafts.move(null, this.threadId)
    }
    const threadId = this.threadId
    this.tree.name(threadId)
    this.tree.add(run)
    this.refusal = null
    try {
      const isFirst = this.tree.all.length === 1
      const options = propsOf(choice, this.deps.mediaContext())
      const input = runInput(
        threadId,
        run,
        options,
        isFirst ? this.deps.drafts.get(threadId).instructions : null,
      )
      await this.deps.socket.run(input, this.listener(threadId, run))
      run.sending = false
      this.deps.onRun(threadId, run.runId)
      if (this.threadId === threadId) this.handleOpened(threadId)
    } catch (error) {
      const problem = problemOf(error)
      const isShown = threadId === this.threadId
      undo(threadId)
      if (isShown && problem.code !== 'withdrawn') this.refusal = problem
    }
  }

  /** Whether the text is too long to be sent; then it also says so on the page. */
  private refuseTooLong(text: string): boolean {
    const instructions = this.threadId === null ? this.draft.instructions : ''
    const excess = excessBytes(text, instructions)
    if (excess <= 0) return false
    const message = `This message is about ${excess} characters too long. Send it in parts.`
    this.refusal = { code: 'too_long', message }
    return true
  }

  private handleOpened(threadId: string): void {
    this.deps.socket.watch(threadId)
    this.deps.onOpened(threadId)
  }

  async stop(): Promise<void> {
    const run = this.running
    const { socket, api } = this.deps
    if (!run || socket.withdraw(run.runId) || socket.cancel(run.runId)) return
    await api.post(`/api/runs/${run.runId}/cancel/`).catch((error: unknown) => {
      this.refusal = problemOf(error)
    })
  }

  /** Another tab (or the terminal) began a run in this thread. */
  handleStarted(threadId: string, runId: string): void {
    this.deps.onRun(threadId, runId)
    const known = this.tree.all.some((run) => run.runId === runId)
    if (threadId === this.threadId && !known) void this.load()
  }

  /** For whoever signs in next: nothing of this user stays. */
  clear(): void {
    this.close()
    this.tree.clear()
    this.deps.drafts.clear()
    this.draft = this.deps.drafts.get(null)
  }

  close(): void {
    this.epoch += 1
    for (const run of this.tree.all) if (!run.sending) this.deps.socket.unfollow(run.runId)
    this.tree.open(null)
    this.editing = null
    this.threadId = null
    this.problem = null
    this.refusal = null
    this.loading = false
    this.earlier = null
  }

  /** The newest page; what was loaded before it stays, if the two meet. */
  private showHistory(history: History): void {
    this.problem = null
    this.draft.instructions = history.thread.instructions
    const page = this.restore(history)
    const inPage = new Set(page.map((run) => run.runId))
    const others = this.tree.all.filter((run) => !inPage.has(run.runId))
    const meets = others.length < this.tree.all.length
    const earlier = history.next && meets ? others.filter((run) => !run.sending) : []
    if (earlier.length === 0) this.earlier = history.next
    this.tree.show([...earlier, ...page, ...others.filter((run) => run.sending)])
  }

  private restore(history: History): Run[] {
    const current = new Map(this.tree.all.map((run) => [run.runId, run]))
    return snapshotsOf(history).map((snapshot) => {
      const live = current.get(snapshot.runId)
      if (live?.sending) {
        live.parentRunId = snapshot.parentRunId
        return live
      }
      this.deps.socket.unfollow(snapshot.runId)
      const run = new Run(snapshot)
      run.failedAt = live?.failedAt ?? null
      if (snapshot.followAfter !== null) this.follow(run, snapshot.followAfter)
      return run
    })
  }

  private follow(run: Run, after: number): void {
    const listener = this.listener(this.threadId as string, run)
    this.deps.socket.follow(run.runId, after, listener)
  }

  private listener(threadId: string, run: Run): RunListener {
    const { socket, onRun } = this.deps
    const batcher = new FrameBatcher<Parsed>((parsed) => {
      run.view = reduceAll(run.view, parsed)
      if (!run.over) return
      if (run.view.error) run.failedAt = Date.now()
      socket.unfollow(run.runId)
      onRun(threadId, null)
    })
    return {
      event: (event) => batcher.push(parseEvent(event)),
      resync: () => {
        batcher.flush()
        if (threadId === this.threadId) void this.load()
      },
    }
  }

  /** What was refused goes back to where it can be changed, before anything written since. */
  private restoreDraft(isFirst: boolean, threadId: string, run: Run): void {
    const { drafts } = this.deps
    const isShown = threadId === this.threadId
    // A first message that did not leave: its thread never came to be.
    const home = isFirst ? null : threadId
    if (isFirst && (isShown || drafts.get(null).empty)) drafts.move(threadId, null)
    const draft = drafts.get(home)
    draft.text = [run.prompt, draft.text].filter(Boolean).join('\n\n')
    draft.files.restore(run.attachments.filter(({ address }) => address === undefined))
    draft.links.restore(run.prompt ?? '', run.attachments)
    if (!isShown) return
    this.tree.remove(run)
    this.threadId = home
    this.draft = draft
  }
}
