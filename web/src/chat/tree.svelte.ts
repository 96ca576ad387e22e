import { leafUnder, newestLeaf, type Node, pathTo, versions } from './branches'

/** The open thread as a tree of turns, and which of its branches is on screen. */
export class Tree<T extends Node> {
  /** Every turn of every branch, in the order they were begun. */
  all = $state.raw<T[]>([])
  /** Where the branch on screen ends. */
  private leaf = $state<string | null>(null)
  /** The branch on screen. */
  path = $derived(pathTo(this.all, this.leaf))
  /** The versions of each turn that was edited or asked again. */
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

  /** What was said before all that is here; the branch on screen stays. */
  prepend(earlier: T[]): void {
    const known = new Set(this.all.map(({ runId }) => runId))
    this.all = [...earlier.filter(({ runId }) => !known.has(runId)), ...this.all]
  }

  add(turn: T): void {
    this.all = [...this.all, turn]
    this.choose(turn.runId)
  }

  /** Takes back a turn that never came to be, and shows `runId` again or what it continued. */
  remove(turn: T, runId: string | null = turn.parentRunId): void {
    this.all = this.all.filter((other) => other !== turn)
    this.leaf = null
    this.chosen.delete(this.threadId ?? '')
    if (runId !== null) this.choose(runId)
  }

  /** Shows the branch that goes through this run, to where it got to. */
  choose(runId: string): void {
    this.leaf = leafUnder(this.all, runId)
    if (this.threadId !== null) this.chosen.set(this.threadId, this.leaf)
  }

  forget(): void {
    this.open(null)
    this.chosen.clear()
  }
}
