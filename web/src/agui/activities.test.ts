import { describe, expect, it } from 'vitest'

import type { DelegationPart } from './frames'
import { parseEvent } from './parse'
import { emptyRun, reduceAll } from './reduce'

type Raw = Record<string, unknown> & { type: string }

const FILE = '/api/files/3f0c8a4e-52a1-4a37-9a8e-0b6a0d9b7c11/'
const started: Raw = { type: 'RUN_STARTED', threadId: 't', runId: 'r' }
const finished: Raw = { type: 'RUN_FINISHED', threadId: 't', runId: 'r' }
const subagent: Raw[] = [{ type: 'SUBAGENT_STARTED', subagentRunId: 's1', name: 'text' }]

const draw = (events: Raw[]) => reduceAll(emptyRun('r'), events.map(parseEvent))

describe('an activity', () => {
  const activity = (activityType: string, content: object, messageId = 'act'): Raw => ({
    type: 'ACTIVITY_SNAPSHOT',
    messageId,
    activityType,
    content,
  })
  const first = (...events: Raw[]) => draw([started, ...events, finished]).parts[0]

  it('names sources, what they back, pages read and the suggestions of the search', () => {
    const content = {
      queries: ['tides'],
      sources: [{ title: 'Tides', uri: 'https://example.org/' }],
      supports: [{ messageId: 'a', start: 0, end: 5, sources: [0] }],
      pages: [{ uri: 'https://example.org/x', ok: false }],
      suggestions: { artifactId: 'x', url: FILE },
    }
    const part = first(activity('sources', content))
    expect(part).toEqual({ kind: 'sources', id: 'act', ...content, suggestions: FILE })
  })

  it('of sources is read without what backs no known message', () => {
    const supports = [{ start: 0, end: 5, sources: [0] }]
    expect(first(activity('sources', { supports }))).toMatchObject({ supports: [], pages: [] })
  })

  it('tells of a wait that Gemini asked for', () => {
    const part = first(activity('retry', { code: 'quota', retryAfter: 7 }))
    expect(part).toEqual({ kind: 'retry', id: 'act', code: 'quota', retryAfter: 7 })
  })

  it('of a tool is completed by its result', () => {
    const call = { name: 'dice', arguments: { sides: 6 } }
    const part = first(activity('tool', call), activity('tool', { ...call, result: '4' }))
    expect(part).toEqual({ kind: 'tool', id: 'act', ...call, result: '4' })
  })

  it('tells how much of a long conversation was left out', () => {
    const content = { leftOut: 3, windowTokens: 1_048_576 }
    expect(first(activity('history', { kept: 12, ...content }))).toEqual({
      kind: 'history',
      id: 'act',
      ...content,
    })
  })
})

describe('a failure', () => {
  const metadata = { retryAfter: 27, tryModel: 'gemini-3-flash-lite' }

  it('of the run says when and with what to try again', () => {
    const view = draw([started, { type: 'RUN_ERROR', code: 'quota', message: 'x', metadata }])
    expect(view.error).toEqual({ code: 'quota', message: 'x', ...metadata })
  })

  it('of an agent does so too', () => {
    const error = {
      type: 'SUBAGENT_ERROR',
      subagentRunId: 's1',
      code: 'quota',
      message: 'x',
      metadata,
    }
    const view = draw([started, ...subagent, error, finished])
    expect((view.parts[0] as DelegationPart).error).toMatchObject(metadata)
  })

  it.each([null, 'soon', { retryAfter: null, tryModel: 7 }, { retryAfter: -1, tryModel: '' }])(
    'is told though its hints cannot be read: %j',
    (odd) => {
      const view = draw([
        started,
        { type: 'RUN_ERROR', code: 'quota', message: 'x', metadata: odd },
      ])
      expect(view.error).toEqual({ code: 'quota', message: 'x' })
    },
  )
})
