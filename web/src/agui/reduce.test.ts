import { verifyEvents } from '@ag-ui/client'
import type { BaseEvent } from '@ag-ui/core'
import { readdirSync, readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { from, lastValueFrom, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'

import type { DelegationPart, RunView } from './frames'
import { parseEvent } from './parse'
import { emptyRun, isOver, reduce, reduceAll } from './reduce'

type Raw = Record<string, unknown> & { type: string }

const FILE = '/api/files/3f0c8a4e-52a1-4a37-9a8e-0b6a0d9b7c11/'
const started: Raw = { type: 'RUN_STARTED', threadId: 't', runId: 'r', protocolVersion: '1.0' }
const finished: Raw = {
  type: 'RUN_FINISHED',
  threadId: 't',
  runId: 'r',
  outcome: { type: 'success' },
  usage: [{ provider: 'google', model: 'm', inputTokens: 3, outputTokens: 5, totalTokens: 8 }],
}

function draw(events: Raw[]): RunView {
  return reduceAll(emptyRun('r'), events.map(parseEvent))
}

function say(messageId: string, deltas: string[], lane: object = {}): Raw[] {
  return [
    { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant', ...lane },
    ...deltas.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta, ...lane })),
    { type: 'TEXT_MESSAGE_END', messageId, ...lane },
  ]
}

function ask(toolCallId: string, agent: string, subagentRunId: string): Raw[] {
  const args = JSON.stringify({ task: `task of ${agent}`, reason: `reason for ${agent}` })
  return [
    { type: 'TOOL_CALL_START', toolCallId, toolCallName: `ask_${agent}_agent` },
    { type: 'TOOL_CALL_ARGS', toolCallId, delta: args.slice(0, 9) },
    { type: 'TOOL_CALL_ARGS', toolCallId, delta: args.slice(9) },
    { type: 'TOOL_CALL_END', toolCallId },
    { type: 'SUBAGENT_STARTED', subagentRunId, name: agent, parentToolCallId: toolCallId },
  ]
}

function result(toolCallId: string, content: unknown): Raw {
  return {
    type: 'TOOL_CALL_RESULT',
    messageId: `m-${toolCallId}`,
    toolCallId,
    content,
    role: 'tool',
  }
}

const thinking: Raw[] = [
  { type: 'REASONING_START', messageId: 'z' },
  { type: 'REASONING_MESSAGE_START', messageId: 'z', role: 'reasoning' },
  { type: 'REASONING_MESSAGE_CONTENT', messageId: 'z', delta: 'Hm.' },
  { type: 'REASONING_MESSAGE_END', messageId: 'z' },
  { type: 'REASONING_END', messageId: 'z' },
]

const [startA, a1, a2, endA] = say('a', ['one ', 'two'], { subagentRunId: 's1' }) as [
  Raw,
  Raw,
  Raw,
  Raw,
]
const [startB, b1, b2, endB] = say('b', ['un ', 'deux'], { subagentRunId: 's2' }) as [
  Raw,
  Raw,
  Raw,
  Raw,
]
const picture: Raw = {
  type: 'ACTIVITY_SNAPSHOT',
  messageId: 'p',
  activityType: 'artifact',
  content: { artifactId: 'x', url: FILE, mimeType: 'image/png', name: 'fox.png' },
  subagentRunId: 's2',
}

const parallel: Raw[] = [
  started,
  ...say('c', ['Both at once.']),
  ...ask('c1', 'text', 's1'),
  ...ask('c2', 'media', 's2'),
  ...[startA, startB, a1, b1, picture, b2, a2, endB, endA],
  { type: 'SUBAGENT_FINISHED', subagentRunId: 's1', outcome: { type: 'success' } },
  result('c1', 'one two'),
  {
    type: 'SUBAGENT_ERROR',
    subagentRunId: 's2',
    code: 'blocked',
    message: 'The picture was refused.',
  },
  result('c2', [
    { type: 'text', text: 'un deux' },
    { type: 'image', source: { type: 'url', value: FILE, mimeType: 'image/png' } },
  ]),
  ...say('d', ['Done.']),
  finished,
]

const streams: Record<string, Raw[]> = {
  'a plain answer': [started, ...thinking, ...say('a', ['Hello ', 'there']), finished],
  'two agents in parallel': parallel,
  'a failed run': [
    started,
    ...say('a', ['Half']),
    { type: 'RUN_ERROR', message: 'The key was refused.', code: 'invalid_key' },
  ],
  'a stopped run': [
    started,
    ...say('a', ['Half']),
    { ...finished, outcome: { type: 'cancelled' } },
  ],
}

const folder = join(import.meta.dirname, '../../../tests/streams')
if (existsSync(folder)) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
    const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
    streams[name] = lines.map((line) => JSON.parse(line) as Raw)
  }
}

describe.each(Object.entries(streams))('%s', (_, events) => {
  it('is a stream @ag-ui/client accepts', async () => {
    const source = from(events as unknown as BaseEvent[])
    const seen = await lastValueFrom(verifyEvents(false)(source).pipe(toArray()))
    expect(seen).toHaveLength(events.length)
  })

  it('is read to its end without an unreadable event', () => {
    const view = draw(events)
    expect(view.error?.code).not.toBe('unreadable')
    expect(isOver(view)).toBe(true)
    const open = view.parts.filter((part) => 'open' in part && part.open)
    expect(open).toEqual([])
  })

  it('keeps all text that was streamed', () => {
    const sent = events.map((event) => (event.type === 'TEXT_MESSAGE_CONTENT' ? event.delta : ''))
    const shown = JSON.stringify(draw(events).parts)
    for (const delta of sent) expect(shown).toContain(JSON.stringify(delta).slice(1, -1))
  })
})

describe('a plain answer', () => {
  it('shows reasoning before text, then the tokens used', () => {
    const view = draw(streams['a plain answer'] as Raw[])
    expect(view.parts).toEqual([
      { kind: 'reasoning', id: 'z', text: 'Hm.', open: false },
      { kind: 'text', id: 'a', text: 'Hello there', open: false },
    ])
    expect(view.status).toBe('done')
    expect(view.usage[0]?.totalTokens).toBe(8)
  })

  it('says when it was cut short', () => {
    const cut = { ...finished, result: { truncated: true, reason: 'max_tokens' } }
    expect(draw([started, ...say('a', ['x']), cut]).cutShort).toBe('max_tokens')
  })
})

describe('what a run used', () => {
  const key = { id: 'k1', name: 'work' }
  const call = { agent: 'media', model: 'm', totalTokens: 5120 }
  const usageEvent = (value: unknown): Raw => ({ type: 'CUSTOM', name: 'usage', value })

  it('is kept call by call, with its key; a price that is not known is missing', () => {
    const calls = [{ ...call, agent: 'coordinator', price: '0.0002325' }, call]
    const view = draw([started, usageEvent({ key, calls }), finished])
    expect(view.account).toEqual({ key, calls: [{ ...calls[0], price: 0.0002325 }, call] })
    expect(view.status).toBe('done')
  })

  it('shows which key the run went on with', () => {
    const content = { from: 'work', to: 'private', reason: 'quota' }
    const change = { type: 'ACTIVITY_SNAPSHOT', messageId: 'k', activityType: 'key', content }
    const view = draw([started, change, ...say('a', ['Hello']), finished])
    expect(view.parts[0]).toEqual({ kind: 'key', id: 'k', ...content })
  })

  it('is not confused by custom events of others', () => {
    const theirs = { type: 'CUSTOM', name: 'weather', value: 'rain' }
    expect(draw([started, theirs, finished])).not.toHaveProperty('account')
  })

  it.each([
    ['no calls', { key }],
    ['a call of nobody', { calls: [{ ...call, agent: '' }] }],
    ['a price that is none', { calls: [{ ...call, price: 'much' }] }],
  ])('has to be readable: %s', (_, value) => {
    expect(draw([started, usageEvent(value)]).error?.code).toBe('unreadable')
  })
})

describe('delegation', () => {
  it('keeps interleaved subagents apart, in the args they were called', () => {
    const view = draw(parallel)
    expect(view.parts.map((part) => part.kind)).toEqual([
      'text',
      'delegation',
      'delegation',
      'text',
    ])
    const [first, second] = view.parts.slice(1, 3) as [DelegationPart, DelegationPart]
    expect(first).toMatchObject({ agent: 'text', task: 'task of text', status: 'done' })
    expect(first.parts).toEqual([{ kind: 'text', id: 'a', text: 'one two', open: false }])
    expect(second).toMatchObject({
      agent: 'media',
      reason: 'reason for media',
      status: 'failed',
      error: { code: 'blocked' },
    })
  })

  it('shows a picture once though the result names it again', () => {
    const second = draw(parallel).parts[2] as DelegationPart
    expect(second.parts.map((part) => part.kind)).toEqual(['text', 'artifact'])
  })

  it('shows the result when nothing was streamed', () => {
    const view = draw([started, ...ask('c1', 'text', 's1'), result('c1', 'the answer'), finished])
    expect((view.parts[0] as DelegationPart).parts).toMatchObject([{ text: 'the answer' }])
  })

  it('marks what was still working when the run was stopped', () => {
    const cancelled = { ...finished, outcome: { type: 'cancelled' } }
    const view = draw([started, ...ask('c1', 'text', 's1'), startA, a1, cancelled])
    expect(view.parts[0]).toMatchObject({
      status: 'stopped',
      parts: [{ text: 'one ', open: false }],
    })
  })

  it('does not call an agent failed that was cut off by a stop', () => {
    const cut = { type: 'SUBAGENT_ERROR', subagentRunId: 's1', code: 'interrupted', message: 'x' }
    const view = draw([started, ...ask('c1', 'text', 's1'), cut, result('c1', 'x')])
    expect(view.parts[0]).toMatchObject({ status: 'stopped', parts: [] })
    expect(view.parts[0]).not.toHaveProperty('error')
  })

  it('keeps the identity of parts an event does not touch', () => {
    const before = draw([started, ...ask('c1', 'text', 's1'), startA, a1])
    const after = reduce(before, parseEvent({ type: 'TEXT_MESSAGE_START', messageId: 'q' }))
    expect(after.parts[0]).toBe(before.parts[0])
  })
})

describe('what cannot be understood', () => {
  it('skips an event of an unknown type and an unknown activity', () => {
    const strange = { type: 'SOMETHING_NEW', x: 1 }
    const activity = {
      type: 'ACTIVITY_SNAPSHOT',
      messageId: 'm',
      activityType: 'chess',
      content: {},
    }
    const view = draw([started, strange, activity, ...say('a', ['Hello']), finished])
    expect(view.status).toBe('done')
  })

  it.each([
    ['a known event without its field', { type: 'TEXT_MESSAGE_CONTENT', messageId: 'a' }],
    [
      'a null where an id belongs',
      { type: 'TEXT_MESSAGE_START', messageId: 'a', subagentRunId: null },
    ],
    [
      'content of a message that never started',
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'q', delta: 'x' },
    ],
    ['a subagent that never started', { type: 'SUBAGENT_FINISHED', subagentRunId: 'q' }],
    ['a value that is no event', { no: 'type' } as unknown as Raw],
    [
      'a picture from another host',
      {
        type: 'ACTIVITY_SNAPSHOT',
        messageId: 'p',
        activityType: 'artifact',
        content: { url: 'https://example.org/x.png', mimeType: 'image/png', name: 'x' },
      },
    ],
  ])('says so and keeps what came before: %s', (_, bad) => {
    const view = draw([started, ...say('a', ['Hello']), bad])
    expect(view).toMatchObject({ status: 'failed', error: { code: 'unreadable' } })
    expect(view.parts[0]).toMatchObject({ text: 'Hello' })
  })
})
