/**
 * A thread is a tree of runs: each continues the answer of its parent, and editing a message or
 * asking again gives that parent another child. What is shown is one path from a root to a leaf.
 */
export interface Node {
  runId: string
  /** Null: it opens the conversation. One that is not known was not loaded yet. */
  parentRunId: string | null
}

/** The runs from the opening one to `leafId`; empty when there is no such run. */
export function pathTo<N extends Node>(nodes: N[], leafId: string | null): N[] {
  const byId = new Map(nodes.map((node) => [node.runId, node]))
  const path: N[] = []
  let node = leafId === null ? undefined : byId.get(leafId)
  while (node && byId.delete(node.runId)) {
    path.push(node)
    node = node.parentRunId === null ? undefined : byId.get(node.parentRunId)
  }
  return path.reverse()
}

/** The newest run of a list in the order of time: nothing can continue it yet. */
export function newestLeaf(nodes: Node[]): string | null {
  return nodes.at(-1)?.runId ?? null
}

/** Where the conversation got to from `runId` on, following the newest run at every fork. */
export function leafUnder(nodes: Node[], runId: string): string {
  let leaf = runId
  // Children come after their parent, so one walk meets every generation.
  const newestChild = new Map<string, string>()
  for (const node of nodes) {
    if (node.parentRunId !== null) newestChild.set(node.parentRunId, node.runId)
  }
  for (let child = newestChild.get(leaf); child !== undefined; child = newestChild.get(leaf)) {
    newestChild.delete(leaf)
    leaf = child
  }
  return leaf
}

/** The versions of each run that has more than one, in the order they were made. */
export function versions<N extends Node>(nodes: N[]): Map<string, N[]> {
  const children = new Map<string | null, N[]>()
  for (const node of nodes) {
    children.set(node.parentRunId, [...(children.get(node.parentRunId) ?? []), node])
  }
  const bySibling = new Map<string, N[]>()
  for (const siblings of children.values()) {
    if (siblings.length > 1) for (const node of siblings) bySibling.set(node.runId, siblings)
  }
  return bySibling
}
