import type { RunView } from '../agui/frames'
import { emptyRun, isOver } from '../agui/reduce'
import type { SentFile } from '../api/types'

interface RunInit {
  runId: string
  /** The run it continues; null: it opens the conversation. */
  parentRunId: string | null
  /** Null: not known, for its message was not loaded. */
  prompt: string | null
  attachments: SentFile[]
  /** What is there of the answer. */
  view?: RunView
  /** The user confirmed sending a text that looks like a key. */
  allowKey?: boolean
}

/** One run on the page: the user's message and its answer, as far as that got. */
export class Run {
  readonly runId: string
  parentRunId: string | null
  readonly prompt: string | null
  readonly attachments: SentFile[]
  readonly allowKey: boolean
  view = $state.raw<RunView>() as RunView
  sending = $state(false)
  /** When it failed on this page, in milliseconds since 1970; a `retryAfter` counts from then. */
  failedAt = $state.raw<number | null>(null)

  constructor(init: RunInit) {
    this.runId = init.runId
    this.parentRunId = init.parentRunId
    this.prompt = init.prompt
    this.attachments = init.attachments
    this.allowKey = init.allowKey ?? false
    this.view = init.view ?? emptyRun(init.runId)
  }

  get over(): boolean {
    return isOver(this.view)
  }
}
