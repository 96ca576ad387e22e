import { describe, expect, it } from 'vitest'

import { leafUnder, newestLeaf, type Node, pathTo, versions } from './branches'

/** `a` was continued by b, then regenerated (b2); c continues b, d continues b2; `r` edits a. */
const node = (runId: string, parentRunId: string | null): Node => ({ runId, parentRunId })
const tree = [
  node('a', null),
  node('b', 'a'),
  node('c', 'b'),
  node('b2', 'a'),
  node('d', 'b2'),
  node('r', null),
]
const ids = (nodes: Node[]) => nodes.map(({ runId }) => runId).join(' ')

describe('the path that is shown', () => {
  it('leads from the opening run to the leaf', () => {
    expect(ids(pathTo(tree, 'c'))).toBe('a b c')
    expect(ids(pathTo(tree, 'd'))).toBe('a b2 d')
    expect(ids(pathTo(tree, 'r'))).toBe('r')
  })

  it('is empty for a run nobody knows', () => {
    expect(pathTo(tree, 'x')).toEqual([])
    expect(pathTo(tree, null)).toEqual([])
    expect(newestLeaf([])).toBeNull()
  })

  it('begins where a parent is missing, and ends though parents form a ring', () => {
    expect(ids(pathTo([node('b', 'gone'), node('c', 'b')], 'c'))).toBe('b c')
    expect(ids(pathTo([node('x', 'y'), node('y', 'x')], 'y'))).toBe('x y')
  })

  it('is the newest one unless another was chosen', () => {
    expect(newestLeaf(tree)).toBe('r')
  })
})

describe('choosing a version', () => {
  it.each([
    ['a', 'd'],
    ['b', 'c'],
    ['b2', 'd'],
    ['r', 'r'],
  ])('%s leads to where that branch got to: %s', (runId, leaf) => {
    expect(leafUnder(tree, runId)).toBe(leaf)
  })

  it('ends though parents form a ring', () => {
    expect(['x', 'y']).toContain(leafUnder([node('x', 'y'), node('y', 'x')], 'x'))
  })
})

describe('the versions of a run', () => {
  it('are the runs with the same parent, oldest first', () => {
    const siblings = versions(tree)
    expect(ids(siblings.get('b') ?? [])).toBe('b b2')
    expect(ids(siblings.get('r') ?? [])).toBe('a r')
  })

  it('are not told where there is one only', () => {
    expect(versions(tree).has('c')).toBe(false)
  })
})
