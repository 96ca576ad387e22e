import type { RunView } from '../agui/frames'
import { parseEvent } from '../agui/parse'
import { emptyRun, isOver, reduce, reduceAll } from '../agui/reduce'
import type { History, SentFile, StoredMessage, StoredRun } from '../api/types'

export interface StoredTurn {
  runId: string
  parentRunId: string | null
  prompt: string | null
  attachments: SentFile[]
  view: RunView
  /** The run still goes on: follow it after this seq. */
  followAfter: number | null
}

/** A thread as it is stored, all its branches, turned into the same views the live stream gives. */
export function turnsOf(
  history: Pick<History, 'messages' | 'runs' | 'partial_runs'>,
): StoredTurn[] {
  const partial = new Set(history.partial_runs)
  const goesOn = (run: StoredRun) => run.status === 'running' || partial.has(run.id)
  const runs = new Map(history.runs.map((run) => [run.id, run]))
  const turns = new Map<string, StoredTurn>()
  for (const message of history.messages) {
    const id = message.run_id ?? message.id
    const run = runs.get(id)
    const turn = turns.get(id) ?? turnOf(id, run, run !== undefined && goesOn(run))
    turns.set(id, turn)
    if (message.role === 'user') {
      turn.prompt = message.text
      turn.attachments = message.attachments
    } else if (!run?.events.length) turn.view = withMessage(turn.view, message)
  }
  for (const run of history.runs) {
    if (!turns.has(run.id)) turns.set(run.id, turnOf(run.id, run, goesOn(run)))
  }
  return [...turns.values()]
}

function turnOf(runId: string, run: StoredRun | undefined, goesOn: boolean): StoredTurn {
  const nothing = { runId, parentRunId: null, prompt: null, attachments: [], followAfter: null }
  if (!run) return { ...nothing, view: done(emptyRun(runId)) }
  const drawn = reduceAll(emptyRun(runId), run.events.map(parseEvent))
  const view = goesOn || isOver(drawn) ? drawn : finished(drawn, run)
  const followAfter = goesOn && !isOver(drawn) ? run.last_seq : null
  return { ...nothing, parentRunId: run.parent_run_id, view, followAfter }
}

/** A run whose log ends without a last word, for its process died: the record has that word. */
function finished(view: RunView, run: StoredRun): RunView {
  if (run.outcome === 'cancelled') return reduce(view, parseEvent(end('cancelled')))
  if (!run.error_code) return done(view)
  const message = run.error_message ?? 'The answer ended early.'
  return reduce(view, parseEvent({ type: 'RUN_ERROR', code: run.error_code, message }))
}

const end = (type: string) => ({ type: 'RUN_FINISHED', outcome: { type } })
const done = (view: RunView) => reduce(view, parseEvent(end('success')))

function withMessage(view: RunView, { id, text }: StoredMessage): RunView {
  return { ...view, parts: [...view.parts, { kind: 'text', id, text, open: false }] }
}
