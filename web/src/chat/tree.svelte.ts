import { leafUnder, newestLeaf, type Node, pathTo, versions } from './branches'

/** The open thread as a tree of runs, and which of its branches is on screen. */
export class Tree<T extends Node> {
  /** Every run of every branch, in the order they were begun. */
  all = $state.raw<T[]>([])
  /** Where the branch on screen ends. */
  private leaf = $state<string | null>(null)
  /** The branch on screen. */
  path = $derived(pathTo(this.all, this.leaf))
  /** The versions of each run that was edited or regenerated. */
  versions = $derived(versions(this.all))

  private threadId: string | null = null
  /** Where the branch chosen here ends, by thread. */
  private readonly chosen = new Map<string, string>()

  open(threadId: string | null): void {
    if (threadId === this.threadId) return
    this.threadId = threadId
    this.all = []
    this.leaf = null
  }

  /** A thread that was only just begun gets its name. */
  name(threadId: string): void {
    this.threadId = threadId
  }

  /** The branch on screen stays, as far as it got; else the one chosen before, else the newest. */
  show(all: T[]): void {
    this.all = all
    const from = this.leaf ?? this.chosen.get(this.threadId ?? '')
    const isKnown = from !== undefined && all.some(({ runId }) => runId === from)
    this.leaf = isKnown ? leafUnder(all, from) : newestLeaf(all)
  }

  /** The runs before all that are here; the branch on screen stays. */
  prepend(earlier: T[]): void {
    const known = new Set(this.all.map(({ runId }) => runId))
    this.all = [...earlier.filter(({ runId }) => !known.has(runId)), ...this.all]
  }

  add(run: T): void {
    this.all = [...this.all, run]
    this.choose(run.runId)
  }

  /** Takes back a run that never came to be, and shows `runId` again or what it continued. */
  remove(run: T, runId: string | null = run.parentRunId): void {
    this.all = this.all.filter((other) => other !== run)
    this.leaf = null
    this.chosen.delete(this.threadId ?? '')
    if (runId !== null) this.choose(runId)
  }

  /** Shows the branch that goes through this run, to where it got to. */
  choose(runId: string): void {
    this.leaf = leafUnder(this.all, runId)
    if (this.threadId !== null) this.chosen.set(this.threadId, this.leaf)
  }

  clear(): void {
    this.open(null)
    this.chosen.clear()
  }
}
