import type { EstimateRequest } from '../api/types'
import { Attachments, type Uploads } from './attachments.svelte'
import { type Choice, NO_CHOICE } from './choice'
import { type PinnedChoices, propsOf } from './choices'
import { Links } from './links.svelte'
import type { MediaContext } from './media-choices'

/** What is being written in one thread, with its files and how it is to be answered. */
export class Draft {
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
  estimateRequest(
    threadId: string | null,
    parentRunId: string | undefined,
    media: MediaContext,
  ): EstimateRequest {
    const { agent, output, model, tools, picture, speech } = propsOf(this.choice, media)
    const isNew = threadId === null || parentRunId === undefined
    const addresses = this.links.sent.map(({ address = '', mime_type, start_s, end_s }) => {
      return {
        address,
        mime_type,
        ...(start_s === undefined ? {} : { start_s }),
        ...(end_s === undefined ? {} : { end_s }),
      }
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

/** One draft for each thread, and one for the thread that is not begun yet (null). */
export class Drafts {
  private readonly drafts = new Map<string | null, Draft>()

  constructor(
    private readonly uploads: Uploads,
    private readonly pinned: PinnedChoices,
  ) {}

  get(threadId: string | null): Draft {
    const existing = this.drafts.get(threadId)
    if (existing) return existing
    const draft = new Draft(this.uploads, threadId === null ? NO_CHOICE : this.pinned.get(threadId))
    this.drafts.set(threadId, draft)
    return draft
  }

  choose(threadId: string | null, change: Partial<Choice>): void {
    const draft = this.get(threadId)
    draft.choice = { ...draft.choice, ...change }
    if (threadId !== null) this.pinned.set(threadId, draft.choice)
  }

  /** A thread came to be under this draft, or did not after all (to: null). */
  move(from: string | null, to: string | null): void {
    const draft = this.get(from)
    this.drafts.delete(from)
    this.drafts.set(to, draft)
    if (from !== null) this.pinned.set(from, NO_CHOICE)
    if (to !== null) this.pinned.set(to, draft.choice)
  }

  /** For whoever signs in next: nothing of this user stays. */
  clear(): void {
    for (const { files } of this.drafts.values()) files.drain()
    this.drafts.clear()
    this.pinned.clear()
  }
}
