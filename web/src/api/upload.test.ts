import { beforeEach, describe, expect, it } from 'vitest'

import { sendForm } from './upload'

/** The browser's side of an upload, played by the test. */
class Request {
  headers: Record<string, string> = {}
  upload: { onprogress?: (event: object) => void } = {}
  status = 0
  responseText = ''
  sent = false
  onload?: () => void
  onerror?: () => void
  onabort?: () => void
  open() {}
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value
  }
  send() {
    this.sent = true
  }
  abort() {
    this.onabort?.()
  }
}

let request: Request
let stop: AbortController
let progress: number[]

beforeEach(() => {
  request = new Request()
  stop = new AbortController()
  progress = []
})

const start = () =>
  sendForm(
    '/api/files/',
    new FormData(),
    'token',
    { signal: stop.signal, onProgress: (sent) => progress.push(sent) },
    request as unknown as XMLHttpRequest,
  )

describe('an upload', () => {
  it('carries the token, tells how far it is and gives the answer', async () => {
    const answered = start()
    request.upload.onprogress?.({ lengthComputable: true, loaded: 1, total: 4 })
    request.status = 201
    request.responseText = '{"id":"f"}'
    request.onload?.()
    const answer = await answered
    expect([answer.status, await answer.json()]).toEqual([201, { id: 'f' }])
    expect(progress).toEqual([0.25])
    expect(request.headers.Authorization).toBe('Bearer token')
  })

  it('fails when the server is away or it is stopped', async () => {
    const away = start()
    request.onerror?.()
    await expect(away).rejects.toThrow('did not reach')
    const stopped = start()
    stop.abort()
    await expect(stopped).rejects.toThrow('stopped')
  })

  it('that was stopped before it began sends nothing', async () => {
    stop.abort()
    await expect(start()).rejects.toThrow('stopped')
    expect(request.sent).toBe(false)
  })
})
