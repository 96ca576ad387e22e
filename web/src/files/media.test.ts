import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Api, ApiError } from '../api/client'
import type { Tokens } from '../api/tokens'
import { clearMedia, isGone, signedLink, displayKind } from './media'

const FILE = '/api/files/3f0c8a4e-52a1-4a37-9a8e-0b6a0d9b7c11/'
const LIFE_MS = 300_000

let requested: string[] = []

/** A server that signs links for five minutes, each with another address. */
function server(answer?: () => Response): Api {
  const sign = () => {
    const body = {
      url: `${FILE}?signature=${requested.length}`,
      expires_at: new Date(Date.now() + LIFE_MS).toISOString(),
    }
    return new Response(JSON.stringify(body))
  }
  const fetch = (path: RequestInfo | URL) => {
    requested.push(path as string)
    return Promise.resolve((answer ?? sign)())
  }
  const tokens = { token: () => Promise.resolve('t') } as unknown as Tokens
  return new Api(tokens, () => undefined, fetch)
}

beforeEach(() => {
  requested = []
  clearMedia()
  vi.useFakeTimers({ now: 1_000_000_000_000 })
  vi.stubGlobal('location', new URL('https://chat.test/'))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a signed link', () => {
  it('is requested for once while it is good, and renewed before it lapses', async () => {
    const api = server()
    const first = await signedLink(api, FILE)
    expect(await signedLink(api, FILE)).toEqual(first)
    expect(requested).toEqual([`${FILE}link/`])
    vi.setSystemTime(Date.now() + LIFE_MS - 20_000)
    expect((await signedLink(api, FILE)).href).not.toBe(first.href)
    expect(requested).toHaveLength(2)
  })

  it('that was refused is requested for again', async () => {
    const gone = server(
      () => new Response('{"code":"file_not_found","message":"x"}', { status: 404 }),
    )
    const error = await signedLink(gone, FILE).catch((reason: unknown) => reason)
    expect(isGone(error)).toBe(true)
    expect(await signedLink(server(), FILE)).toMatchObject({ href: `${FILE}?signature=2` })
  })

  it.each(['https://evil.test/x', '//evil.test/x', 'javascript:alert(1)'])(
    'never leads elsewhere: %s',
    async (url) => {
      const body = JSON.stringify({ url, expires_at: new Date().toISOString() })
      await expect(
        signedLink(
          server(() => new Response(body)),
          FILE,
        ),
      ).rejects.toThrow(ApiError)
    },
  )
})

describe('a file', () => {
  it.each([
    ['image/png', 'image'],
    ['IMAGE/JPEG; x=1', 'image'],
    ['audio/wav', 'audio'],
    ['video/mp4', 'video'],
    ['video/x-msvideo', 'file'],
    ['image/svg+xml', 'file'],
    ['text/html', 'file'],
    ['application/pdf', 'file'],
  ])('of type %s is shown as %s', (mimeType, shape) => expect(displayKind(mimeType)).toBe(shape))
})
