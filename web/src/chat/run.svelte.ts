import type { RunView } from '../agui/frames'
import { emptyRun, isOver } from '../agui/reduce'
import type { SentFile } from '../api/types'

/** One run on the page: the user's message and its answer, as far as that got. */
export class Run {
  view = $state.raw<RunView>() as RunView
  sending = $state(false)
  /** When it failed before our eyes, in milliseconds since 1970; what it says to wait counts from then. */
  failedAt = $state.raw<number | null>(null)
  /** The user confirmed sending a text that looks like a key. */
  allowKey = false

  constructor(
    readonly runId: string,
    readonly prompt: string | null,
    view: RunView = emptyRun(runId),
    readonly attachments: SentFile[] = [],
    /** The run it continues; null: it opens the conversation. */
    public parentRunId: string | null = null,
  ) {
    this.view = view
  }

  get over(): boolean {
    return isOver(this.view)
  }
}
