import { beforeEach, describe, expect, it } from 'vitest'

import { ChatSocket } from '../agent/socket'
import type { RunInput } from '../agent/wire'
import { Api } from '../api/client'
import { Tokens } from '../api/tokens'
import type { SentFile } from '../api/types'
import { PinnedChoices } from '../composer/choices'
import { Drafts } from '../composer/draft.svelte'
import { Conversation } from './conversation.svelte'

class Store {
  values = new Map<string, string>()
  getItem = (key: string) => this.values.get(key) ?? null
  setItem = (key: string, value: string) => void this.values.set(key, value)
  removeItem = (key: string) => void this.values.delete(key)
}

/** The server's end of the socket, played by the test. */
class FarEnd {
  runs: { ref: string; input: RunInput }[] = []
  follows: object[] = []
  onopen?: () => void
  onmessage?: (message: { data: string }) => void
  send(data: string) {
    const frame = JSON.parse(data) as { op: string; ref: string; input: RunInput }
    if (frame.op === 'auth')
      this.says({ op: 'ready', userId: 1, expiresAt: new Date(Date.now() + 9e5) })
    if (frame.op === 'run') this.runs.push(frame)
    if (frame.op === 'follow') this.follows.push(frame)
  }
  close() {}
  says(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  async refuses() {
    const ref = this.runs.at(-1)?.ref
    this.says({ op: 'rejected', ref, code: 'overloaded', message: 'Too many at once.' })
    await later()
  }
  async accepts() {
    const { ref, input } = this.runs.at(-1) as FarEnd['runs'][0]
    this.says({ op: 'accepted', ref, runId: input.runId, threadId: input.threadId })
    await later()
  }
}

const later = () => new Promise((resolve) => setTimeout(resolve))
const OTHER = '22222222-2222-4222-8222-222222222222'
const picture: SentFile = { id: 'f1', name: 'a.png', mime_type: 'image/png', size_bytes: 3 }
const stored = { thread: {}, messages: [], runs: [] }

let far: FarEnd
let conversation: Conversation
let opened: string[]
let pages: Record<string, object>
let requested: string[]

beforeEach(async () => {
  far = new FarEnd()
  opened = []
  pages = {}
  requested = []
  const tokens = new Tokens(new Store(), async () => new Response(null, { status: 401 }))
  tokens.accept({ access: 'a.b.c', refresh: 'r' })
  const socket = new ChatSocket({
    open: () => far as unknown as WebSocket,
    token: async () => 'token',
    onConnection: () => undefined,
    onStarted: () => undefined,
    onRejected: () => undefined,
  })
  const uploads = {
    maxBytes: () => 1000,
    send: async () => Promise.reject(new Error('no uploads here')),
    drop: () => undefined,
  }
  conversation = new Conversation({
    api: new Api(
      tokens,
      () => undefined,
      async (url) => {
        const cursor = new URL(url as string, 'http://x').searchParams.get('cursor') ?? ''
        requested.push(cursor)
        return new Response(JSON.stringify(pages[cursor] ?? stored))
      },
    ),
    socket,
    drafts: new Drafts(uploads, new PinnedChoices(new Store())),
    mediaContext: () => ({ media: null, voice: 'Kore' }),
    onRun: () => undefined,
    onOpened: (threadId) => opened.push(threadId),
  })
  socket.start()
  far.onopen?.()
  await later()
})

const write = (text: string, files: SentFile[] = []) => {
  conversation.draft.text = text
  conversation.draft.files.restore(files)
}
const onDesk = () => ({ text: conversation.draft.text, files: conversation.draft.files.stored })

describe('a message', () => {
  it('goes out with its files and what was chosen for the thread', async () => {
    conversation.choose({ agent: 'media', output: 'image', tools: [] })
    write('Make it blue', [picture])
    void conversation.submit()
    expect(far.runs[0]?.input).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'image',
              source: { type: 'url', value: '/api/files/f1/', mimeType: 'image/png' },
            },
            { type: 'text', text: 'Make it blue' },
          ],
        },
      ],
      forwardedProps: { agent: 'media', output: 'image', tools: [] },
    })
    expect(far.runs[0]?.input.forwardedProps).not.toHaveProperty('allowKey')
    await far.accepts()
    expect(opened).toEqual([conversation.threadId])
    expect(onDesk()).toEqual({ text: '', files: [] })
    expect(conversation.draft.choice.agent).toBe('media')
  })

  it('takes the instructions for a new conversation along, once', async () => {
    await conversation.setInstructions('In rhymes.')
    expect(requested).toEqual([])
    write('First')
    expect(conversation.estimateRequest.instructions).toBe('In rhymes.')
    void conversation.submit()
    expect(far.runs[0]?.input.forwardedProps.instructions).toBe('In rhymes.')
    await far.refuses()
    expect(conversation.draft.instructions).toBe('In rhymes.')
    void conversation.submit()
    expect(far.runs[1]?.input.forwardedProps.instructions).toBe('In rhymes.')
    await far.accepts()
    conversation.runs[0]!.view = { ...conversation.runs[0]!.view, over: true } as never
    await conversation.setInstructions('In prose.')
    expect([requested.length, conversation.draft.instructions]).toEqual([1, 'In prose.'])
    conversation.open(null)
    expect(conversation.draft.instructions).toBe('')
  })

  it('leaves them to the server where the conversation is there', async () => {
    pages[''] = { ...stored, thread: { instructions: 'In rhymes.' } }
    conversation.open(OTHER)
    await later()
    expect(conversation.draft.instructions).toBe('In rhymes.')
    write('First')
    expect(conversation.estimateRequest.instructions).toBe('In rhymes.')
  })

  it('is estimated as what it would be: of a new thread, then after the last run', async () => {
    write('First')
    expect(conversation.estimateRequest).toEqual({ text: 'First', attachments: [], agent: 'auto' })
    void conversation.submit()
    await far.accepts()
    conversation.choose({ model: 'lite', tools: ['code'] })
    write('Second', [picture])
    expect(conversation.estimateRequest).toEqual({
      thread_id: conversation.threadId,
      parent_run_id: far.runs[0]?.input.runId,
      text: 'Second',
      attachments: ['f1'],
      agent: 'auto',
      model: 'lite',
      tools: ['code'],
    })
  })

  it('that looks like a key goes when its writer wants it to, and again when it is asked again', async () => {
    write('AIza…')
    void conversation.submit(true)
    expect(far.runs[0]?.input.forwardedProps.allowKey).toBe(true)
    await far.accepts()
    const [run] = conversation.runs
    run!.view = { ...run!.view, status: 'done' }
    void conversation.regenerate(run!)
    expect(far.runs[1]?.input.forwardedProps.allowKey).toBe(true)
  })

  it('of files alone may go', () => {
    write('', [picture])
    void conversation.submit()
    expect(far.runs).toHaveLength(1)
  })

  it('that was refused comes back with its files and choices, before what was written since', async () => {
    conversation.choose({ agent: 'direct' })
    write('First', [picture])
    void conversation.submit()
    write('Second')
    await far.refuses()
    expect(onDesk()).toEqual({ text: 'First\n\nSecond', files: [picture] })
    expect(conversation).toMatchObject({
      threadId: null,
      runs: [],
      refusal: { code: 'overloaded' },
    })
    expect(conversation.draft.choice.agent).toBe('direct')
  })

  it('that was refused elsewhere waits where it was written', async () => {
    write('First', [picture])
    void conversation.submit()
    conversation.open(OTHER)
    await far.refuses()
    expect([onDesk(), conversation.refusal]).toEqual([{ text: '', files: [] }, null])
    conversation.open(null)
    expect(onDesk()).toEqual({ text: 'First', files: [picture] })
  })

  it('with a file that is not uploaded stays', () => {
    write('Look')
    conversation.draft.files.add([new File([], 'empty.txt')])
    void conversation.submit()
    expect(far.runs).toEqual([])
    expect(conversation.refusal?.code).toBe('not_uploaded')
    expect(conversation.draft.text).toBe('Look')
  })

  it('that is too long stays, with its files', () => {
    write('x'.repeat(60_001), [picture])
    void conversation.submit()
    expect(conversation.refusal?.code).toBe('too_long')
    expect(conversation.draft.files.stored).toEqual([picture])
  })
})

describe('threads', () => {
  it('keep what is written in them, its files and its choices apart', () => {
    write('Here', [picture])
    conversation.choose({ model: 'lite' })
    conversation.open(OTHER)
    expect([onDesk(), conversation.draft.choice.model]).toEqual([{ text: '', files: [] }, null])
    write('There')
    conversation.open(null)
    expect([onDesk(), conversation.draft.choice.model]).toEqual([
      { text: 'Here', files: [picture] },
      'lite',
    ])
    conversation.clear()
    expect(onDesk()).toEqual({ text: '', files: [] })
  })
})

describe('a long conversation', () => {
  const run = (id: string, parent: string | null, more = {}) => ({
    ...{ id, parent_run_id: parent, status: 'finished', outcome: 'success', last_seq: 3 },
    events: [{ type: 'RUN_FINISHED', threadId: OTHER, runId: id, outcome: { type: 'success' } }],
    ...more,
  })
  const page = (next: string | null, ...runs: ReturnType<typeof run>[]) => ({
    thread: {},
    messages: runs.map(({ id }) => ({ id: `m-${id}`, role: 'user', text: id, run_id: id })),
    runs,
    next,
  })
  const shown = () => conversation.runs.map(({ runId }) => runId)

  beforeEach(async () => {
    pages = {
      '': page('p2', run('e', 'd'), run('f', 'e')),
      p2: page('p1', run('c2', 'b'), run('x', 'c2')),
      p1: page(null, run('a', null), run('b', 'a'), run('c', 'b'), run('d', 'c')),
    }
    conversation.open(OTHER)
    await later()
  })

  it('is shown from its newest page', () => {
    expect(shown()).toEqual(['e', 'f'])
    expect(requested).toEqual([''])
    expect(conversation.hasEarlier).toBe(true)
  })

  it('grows backwards, past pages of other branches, to its beginning', async () => {
    await conversation.loadEarlier()
    expect(requested).toEqual(['', 'p2', 'p1'])
    expect(shown()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(conversation.tree.versions.get('c')?.map(({ runId }) => runId)).toEqual(['c', 'c2'])
    expect(conversation.hasEarlier).toBe(false)
  })

  it('keeps what was loaded when its newest page is read again', async () => {
    await conversation.loadEarlier()
    pages[''] = page('p9', run('f', 'e'), run('g', 'f'))
    await conversation.load()
    expect(shown().at(0)).toBe('a')
    expect(conversation.tree.all.at(-1)?.runId).toBe('g')
    expect(conversation.hasEarlier).toBe(false)
  })

  it('grows backwards also while its newest page is read again', async () => {
    await Promise.all([conversation.loadEarlier(), conversation.load()])
    expect(shown()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('begins anew where the newest page has left what was loaded behind', async () => {
    pages[''] = page('p9', run('y', 'w'), run('z', 'y'))
    await conversation.load()
    expect(shown()).toEqual(['y', 'z'])
    expect(conversation.hasEarlier).toBe(true)
  })

  it('follows an answer that is too long for a page', async () => {
    pages[''] = { ...page(null, run('e', null, { events: [], last_seq: 7 })), partial_runs: ['e'] }
    await conversation.load()
    expect(conversation.runs[0]?.over).toBe(false)
    expect(far.follows).toEqual([{ op: 'follow', runId: 'e', after: 7 }])
  })
})
