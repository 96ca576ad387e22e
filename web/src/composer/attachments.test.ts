import { beforeEach, describe, expect, it } from 'vitest'

import { ApiError } from '../api/client'
import type { StoredFile } from '../api/types'
import type { UploadWatch } from '../api/upload'
import { Attachments, filesIn, MOST_FILES } from './attachments.svelte'

interface Upload {
  file: File
  watch: UploadWatch
  resolve: (file: StoredFile) => void
  reject: (error: Error) => void
}

/** The server's side of uploads: each one ends when the test says so. */
class Server {
  uploads: Upload[] = []
  dropped: string[] = []
  maxBytes = () => 500
  send = (file: File, watch: UploadWatch) =>
    new Promise<StoredFile>((resolve, reject) => {
      this.uploads.push({ file, watch, resolve, reject })
    })
  drop = (id: string) => void this.dropped.push(id)

  async finish(at: number, notice = '') {
    const { file, resolve } = this.uploads[at] as Upload
    resolve({ ...stored(file), notice })
    await later()
  }
  async refuse(at: number, code = 'storage_full', message = 'There is no room left.') {
    this.uploads[at]?.reject(new ApiError(code, message, 507))
    await later()
  }
}

const later = () => new Promise((resolve) => setTimeout(resolve))
const file = (name: string, size = 3) => new File(['x'.repeat(size)], name, { type: 'text/plain' })
const stored = ({ name, size, type }: File): StoredFile => ({
  id: `id-${name}`,
  url: `/api/files/id-${name}/`,
  name,
  mime_type: type,
  size_bytes: size,
  kind: 'uploaded',
  notice: '',
  refused: '',
  width: null,
  height: null,
  thread_id: null,
  created_at: '',
})

let server: Server
let files: Attachments

beforeEach(() => {
  server = new Server()
  files = new Attachments(server)
})

const states = () => files.list.map(({ state }) => state)

describe('attached files', () => {
  it('are uploaded two at a time', async () => {
    files.add([file('a'), file('b'), file('c')])
    expect(states()).toEqual(['uploading', 'uploading', 'waiting'])
    await server.finish(0)
    expect(states()).toEqual(['done', 'uploading', 'uploading'])
    expect(files.announcement).toBe('a is attached.')
  })

  it('tell how they are read, where that is not as they are', async () => {
    files.add([file('letter.docx')])
    await server.finish(0, 'Read as text.')
    expect(files.announcement).toBe('letter.docx is attached. Read as text.')
    expect(files.drain()[0]?.notice).toBe('Read as text.')
  })

  it('tell how far they are', () => {
    files.add([file('a')])
    server.uploads[0]?.watch.onProgress(0.4)
    expect(files.list[0]?.sent).toBe(0.4)
  })

  it('that are empty or too large are told so without sending a byte', () => {
    files.add([file('empty', 0), file('large', 501)])
    expect(files.list.map(({ problem }) => problem)).toEqual([
      'This file is empty.',
      'Too large: 501 bytes, and at most 500 bytes can be sent.',
    ])
    expect(server.uploads).toEqual([])
  })

  it('are sixteen at most, and the rest is told', () => {
    files.add(Array.from({ length: 18 }, (_, at) => file(`f${at}`)))
    expect(files.list).toHaveLength(MOST_FILES)
    expect(files.problem).toBe('At most 16 files go with a message; 2 left out.')
  })

  it('that were refused say why and can be tried again', async () => {
    files.add([file('a')])
    await server.refuse(0)
    const [refused] = files.list
    expect(refused).toMatchObject({
      state: 'failed',
      problem: 'There is no room left.',
      mayRetry: true,
    })
    expect(files.announcement).toContain('There is no room left.')
    files.retry(refused as NonNullable<typeof refused>)
    await server.finish(1)
    expect(states()).toEqual(['done'])
  })

  it('of a kind that is not taken are not worth another try', async () => {
    files.add([file('a')])
    await server.refuse(0, 'unsupported_file', 'Programs are not taken.')
    expect(files.list[0]).toMatchObject({ problem: 'Programs are not taken.', mayRetry: false })
  })

  it('that are removed stop their upload and make room for the next', () => {
    files.add([file('a'), file('b'), file('c')])
    files.remove(files.list[0] as (typeof files.list)[0])
    expect(server.uploads[0]?.watch.signal.aborted).toBe(true)
    expect(server.uploads.map((upload) => upload.file.name)).toEqual(['a', 'b', 'c'])
  })

  it('that are removed are deleted, also if they arrive after all', async () => {
    files.add([file('a'), file('b')])
    await server.finish(0)
    files.remove(files.list[0] as (typeof files.list)[0])
    files.remove(files.list[0] as (typeof files.list)[0])
    await server.finish(1)
    expect(server.dropped).toEqual(['id-a', 'id-b'])
    expect(files.list).toEqual([])
  })

  it('are waited for, failures too', async () => {
    let over = false
    files.add([file('a'), file('b')])
    void files.settled().then(() => (over = true))
    await server.finish(0)
    expect(over).toBe(false)
    await server.refuse(1)
    expect(over).toBe(true)
    expect(files.failed).toHaveLength(1)
  })

  it('come back before those added since, each once, and stay on the server when removed', async () => {
    files.add([file('a')])
    await server.finish(0)
    const sent = files.drain()
    expect(files.list).toEqual([])
    files.add([file('b')])
    files.restore(sent)
    files.restore(sent)
    expect(files.list.map(({ name }) => name)).toEqual(['a', 'b'])
    files.remove(files.list[0] as (typeof files.list)[0])
    expect(server.dropped).toEqual([])
  })
})

describe('what is pasted', () => {
  const data = (types: string[]) => ({ types, files: [file('picture')] }) as unknown as DataTransfer

  it('is a file, unless text came with a picture of itself', () => {
    expect(filesIn(data(['Files', 'text/html']))).toHaveLength(1)
    expect(filesIn(data(['Files', 'text/html', 'text/plain']))).toEqual([])
    expect(filesIn(null)).toEqual([])
  })
})
