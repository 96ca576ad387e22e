import { describe, expect, it } from 'vitest'

import type { History, StoredMessage, StoredRun } from '../api/types'
import { snapshotsOf } from './history'

const message = (more: Partial<StoredMessage>): StoredMessage => ({
  id: 'm',
  role: 'user',
  agent: '',
  text: 'Hello',
  attachments: [],
  run_id: 'r1',
  created_at: '',
  ...more,
})

const run = (more: Partial<StoredRun>): StoredRun => ({
  id: 'r1',
  thread_id: 't',
  parent_run_id: null,
  status: 'finished',
  outcome: 'success',
  error_code: '',
  error_message: '',
  agent: 'auto',
  model: '',
  last_seq: 4,
  usage: [],
  created_at: '',
  finished_at: null,
  events: [
    { type: 'RUN_STARTED', threadId: 't', runId: 'r1' },
    { type: 'TEXT_MESSAGE_START', messageId: 'a' },
    { type: 'TEXT_MESSAGE_CONTENT', messageId: 'a', delta: 'Hi' },
  ],
  ...more,
})

const snapshots = (stored: Partial<History>) =>
  snapshotsOf({ messages: [], runs: [], partial_runs: [], ...stored })

const answer = message({ id: 'a', role: 'assistant', text: 'Hi' })

describe('a stored thread', () => {
  it('draws each run once, under what was asked', () => {
    const runs = snapshots({ messages: [message({}), answer], runs: [run({})] })
    expect(runs).toMatchObject([
      {
        runId: 'r1',
        prompt: 'Hello',
        followAfter: null,
        view: { status: 'done', parts: [{ text: 'Hi' }] },
      },
    ])
  })

  it('knows what was attached and which run each one continues', () => {
    const file = { id: 'f', name: 'fox.png', mime_type: 'image/png', size_bytes: 12 }
    const next = message({ id: 'n', run_id: 'r2', attachments: [file] })
    const runs = [run({}), run({ id: 'r2', parent_run_id: 'r1' })]
    expect(snapshots({ messages: [message({}), next], runs })).toMatchObject([
      { runId: 'r1', parentRunId: null, attachments: [] },
      { runId: 'r2', parentRunId: 'r1', attachments: [file] },
    ])
  })

  it('goes on with a running run after the last event it holds', () => {
    const runs = snapshots({ messages: [message({})], runs: [run({ status: 'running' })] })
    expect(runs).toMatchObject([{ followAfter: 4, view: { status: 'running' } }])
  })

  it('tells why a run ended whose log does not say so', () => {
    const broken = run({
      status: 'failed',
      error_code: 'interrupted',
      error_message: 'It stopped.',
    })
    const [snapshot] = snapshots({ messages: [message({})], runs: [broken] })
    expect(snapshot?.view).toMatchObject({ status: 'failed', error: { code: 'interrupted' } })
  })

  it('marks a stopped run whose log does not say so', () => {
    const [snapshot] = snapshots({
      messages: [message({})],
      runs: [run({ outcome: 'cancelled' })],
    })
    expect(snapshot?.view.status).toBe('cancelled')
  })

  it('shows messages whose run or its events are missing', () => {
    const gone = snapshots({ messages: [message({}), answer], runs: [run({ events: [] })] })
    expect(gone).toMatchObject([{ prompt: 'Hello', view: { parts: [{ text: 'Hi' }] } }])
    const lone = snapshots({ messages: [message({})] })
    expect(lone).toMatchObject([{ prompt: 'Hello', view: { status: 'done' } }])
  })
})
