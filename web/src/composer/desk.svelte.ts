import type { Question } from '../api/estimate'
import { Attachments, type Uploads } from './attachments.svelte'
import { type Choice, NO_CHOICE } from './choice'
import { type PinnedChoices, propsOf } from './choices'
import { Links } from './links.svelte'
import type { Known } from './mediachoices'

/** What is being written in one thread, with its files and how it is to be answered. */
export class Desk {
  text = $state('')
  choice = $state.raw<Choice>(NO_CHOICE)
  /** The user's own for this conversation. */
  instructions = $state('')
  readonly files: Attachments
  readonly links: Links = new Links(() => this.text)

  constructor(uploads: Uploads, choice: Choice) {
    this.files = new Attachments(uploads)
    this.choice = choice
  }

  get empty(): boolean {
    return this.text.trim() === '' && this.files.list.length === 0
  }

  /** All that would be sent now, after the run it continues; a thread without runs is new. */
  questionTo(threadId: string | null, parentRunId: string | undefined, known: Known): Question {
    const { agent, output, model, tools, picture, speech } = propsOf(this.choice, known)
    const isNew = threadId === null || parentRunId === undefined
    const addresses = this.links.sent.map(({ address = '', mime_type, start_s, end_s }) => {
      return { address, mime_type, ...(start_s === undefined ? {} : { start_s }), ...(end_s === undefined ? {} : { end_s }) }
    })
    return {
      ...(isNew ? {} : { thread_id: threadId, parent_run_id: parentRunId }),
      text: this.text,
      attachments: this.files.stored.map(({ id }) => id),
      ...(addresses.length === 0 ? {} : { addresses }),
      agent,
      ...(output && { output }),
      ...(model && { model }),
      ...(tools && { tools }),
      ...(picture && { picture }),
      ...(speech && { speech }),
      ...(this.instructions === '' ? {} : { instructions: this.instructions }),
    }
  }
}

/** One desk for each thread, and one for the thread that is not begun yet (null). */
export class Desks {
  private readonly desks = new Map<string | null, Desk>()

  constructor(
    private readonly uploads: Uploads,
    private readonly pinned: PinnedChoices,
  ) {}

  of(threadId: string | null): Desk {
    const have = this.desks.get(threadId)
    if (have) return have
    const desk = new Desk(this.uploads, threadId === null ? NO_CHOICE : this.pinned.of(threadId))
    this.desks.set(threadId, desk)
    return desk
  }

  choose(threadId: string | null, change: Partial<Choice>): void {
    const desk = this.of(threadId)
    desk.choice = { ...desk.choice, ...change }
    if (threadId !== null) this.pinned.keep(threadId, desk.choice)
  }

  /** A thread came to be under this desk, or did not after all (to: null). */
  move(from: string | null, to: string | null): void {
    const desk = this.of(from)
    this.desks.delete(from)
    this.desks.set(to, desk)
    if (from !== null) this.pinned.keep(from, NO_CHOICE)
    if (to !== null) this.pinned.keep(to, desk.choice)
  }

  /** For whoever signs in next: nothing of this user stays. */
  forget(): void {
    for (const { files } of this.desks.values()) files.take()
    this.desks.clear()
    this.pinned.forget()
  }
}
