import { beforeEach, describe, expect, it } from 'vitest'

import type { Node } from './branches'
import { Tree } from './tree.svelte'

const node = (runId: string, parentRunId: string | null): Node => ({ runId, parentRunId })
const stored = [node('a', null), node('b', 'a'), node('b2', 'a')]

let tree: Tree<Node>
const shown = () => tree.path.map(({ runId }) => runId).join(' ')

beforeEach(() => {
  tree = new Tree()
  tree.open('thread')
  tree.show(stored)
})

describe('the branch on screen', () => {
  it('is the newest one at first', () => {
    expect(shown()).toBe('a b2')
  })

  it('is not left for a run that begins in another branch', () => {
    tree.choose('b')
    tree.show([...stored, node('c2', 'b2')])
    expect(shown()).toBe('a b')
  })

  it('goes on with a run that continues it, whoever began that', () => {
    tree.show([...stored, node('c2', 'b2')])
    expect(shown()).toBe('a b2 c2')
  })

  it('changes to a new version of a run, and back when that is refused', () => {
    const version = node('a2', null)
    tree.add(version)
    expect(shown()).toBe('a2')
    expect(tree.versions.get('a2')).toHaveLength(2)
    tree.remove(version, 'b')
    expect(shown()).toBe('a b')
  })

  it('goes on from its last run, and ends there again when that is refused', () => {
    const next = node('c', 'b2')
    tree.add(next)
    expect(shown()).toBe('a b2 c')
    tree.remove(next)
    expect(shown()).toBe('a b2')
  })
})

describe('a thread that is opened again', () => {
  const reopen = () => {
    tree.open(null)
    expect(shown()).toBe('')
    tree.open('thread')
    tree.show(stored)
  }

  it('shows the branch that was chosen in it', () => {
    tree.choose('b')
    reopen()
    expect(shown()).toBe('a b')
  })

  it('shows the newest one for whoever signs in next', () => {
    tree.choose('b')
    tree.clear()
    reopen()
    expect(shown()).toBe('a b2')
  })
})
