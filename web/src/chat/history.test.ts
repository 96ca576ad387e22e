import { describe, expect, it } from 'vitest'

import type { StoredMessage, StoredRun } from '../api/types'
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
  parent_run_id: null,
  status: 'finished',
  outcome: 'success',
  error_code: null,
  error_message: null,
  model: '',
  last_seq: 4,
  usage: null,
  events: [
    { type: 'RUN_STARTED', threadId: 't', runId: 'r1' },
    { type: 'TEXT_MESSAGE_START', messageId: 'a' },
    { type: 'TEXT_MESSAGE_CONTENT', messageId: 'a', delta: 'Hi' },
  ],
  ...more,
})

const answer = message({ id: 'a', role: 'assistant', text: 'Hi' })

describe('a stored thread', () => {
  it('draws each run once, under what was asked', () => {
    const runs = snapshotsOf({ messages: [message({}), answer], runs: [run({})] })
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
    expect(snapshotsOf({ messages: [message({}), next], runs })).toMatchObject([
      { runId: 'r1', parentRunId: null, attachments: [] },
      { runId: 'r2', parentRunId: 'r1', attachments: [file] },
    ])
  })

  it('goes on with a running run after the last event it holds', () => {
    const runs = snapshotsOf({ messages: [message({})], runs: [run({ status: 'running' })] })
    expect(runs).toMatchObject([{ followAfter: 4, view: { status: 'running' } }])
  })

  it('tells why a run ended whose log does not say so', () => {
    const broken = run({
      status: 'failed',
      error_code: 'interrupted',
      error_message: 'It stopped.',
    })
    const [snapshot] = snapshotsOf({ messages: [message({})], runs: [broken] })
    expect(snapshot?.view).toMatchObject({ status: 'failed', error: { code: 'interrupted' } })
  })

  it('marks a stopped run whose log does not say so', () => {
    const [snapshot] = snapshotsOf({
      messages: [message({})],
      runs: [run({ outcome: 'cancelled' })],
    })
    expect(snapshot?.view.status).toBe('cancelled')
  })

  it('shows messages that have no run or whose events are gone', () => {
    const gone = snapshotsOf({ messages: [message({}), answer], runs: [run({ events: [] })] })
    expect(gone).toMatchObject([{ prompt: 'Hello', view: { parts: [{ text: 'Hi' }] } }])
    const lone = snapshotsOf({ messages: [message({ run_id: null })], runs: [] })
    expect(lone).toMatchObject([{ prompt: 'Hello', view: { status: 'done' } }])
  })
})
