import type { RunView } from '../agui/frames'
import { parseEvent } from '../agui/parse'
import { emptyRun, isOver, reduce, reduceAll } from '../agui/reduce'
import type { History, SentFile, StoredMessage, StoredRun } from '../api/types'

/** A stored run, as the page shows it. */
export interface RunSnapshot {
  runId: string
  parentRunId: string | null
  prompt: string | null
  attachments: SentFile[]
  view: RunView
  /** The run still goes on: follow it after this seq. */
  followAfter: number | null
}

/** A thread as it is stored, all its branches, turned into the same views the live stream gives. */
export function snapshotsOf(
  history: Pick<History, 'messages' | 'runs' | 'partial_runs'>,
): RunSnapshot[] {
  const partial = new Set(history.partial_runs)
  const goesOn = (run: StoredRun) => run.status === 'running' || partial.has(run.id)
  const runs = new Map(history.runs.map((run) => [run.id, run]))
  const snapshots = new Map<string, RunSnapshot>()
  for (const message of history.messages) {
    const id = message.run_id
    const run = runs.get(id)
    const snapshot = snapshots.get(id) ?? snapshotOf(id, run, run !== undefined && goesOn(run))
    snapshots.set(id, snapshot)
    if (message.role === 'user') {
      snapshot.prompt = message.text
      snapshot.attachments = message.attachments
    } else if (!run?.events.length) snapshot.view = withMessage(snapshot.view, message)
  }
  for (const run of history.runs) {
    if (!snapshots.has(run.id)) snapshots.set(run.id, snapshotOf(run.id, run, goesOn(run)))
  }
  return [...snapshots.values()]
}

function snapshotOf(runId: string, run: StoredRun | undefined, goesOn: boolean): RunSnapshot {
  const nothing = { runId, parentRunId: null, prompt: null, attachments: [], followAfter: null }
  if (!run) return { ...nothing, view: done(emptyRun(runId)) }
  const replayed = reduceAll(emptyRun(runId), run.events.map(parseEvent))
  const view = goesOn || isOver(replayed) ? replayed : finished(replayed, run)
  const followAfter = goesOn && !isOver(replayed) ? run.last_seq : null
  return { ...nothing, parentRunId: run.parent_run_id, view, followAfter }
}

/** A run whose log ends without a last word, for its process died: the record has that word. */
function finished(view: RunView, run: StoredRun): RunView {
  if (run.outcome === 'cancelled') return reduce(view, parseEvent(end('cancelled')))
  if (!run.error_code) return done(view)
  const message = run.error_message || 'The answer ended early.'
  return reduce(view, parseEvent({ type: 'RUN_ERROR', code: run.error_code, message }))
}

const end = (type: string) => ({ type: 'RUN_FINISHED', outcome: { type } })
const done = (view: RunView) => reduce(view, parseEvent(end('success')))

function withMessage(view: RunView, { id, text }: StoredMessage): RunView {
  return { ...view, parts: [...view.parts, { kind: 'text', id, text, open: false }] }
}
