import { beforeEach, describe, expect, it } from 'vitest'

import { Api, ApiError } from './client'
import { isFileUrl } from './paths'
import { Tokens } from './tokens'

class Store {
  values = new Map<string, string>()
  getItem = (key: string) => this.values.get(key) ?? null
  setItem = (key: string, value: string) => void this.values.set(key, value)
  removeItem = (key: string) => void this.values.delete(key)
}

const access = (name: string, seconds = 600) =>
  `h.${btoa(JSON.stringify({ iat: 1000, exp: 1000 + seconds, name }))}.s`
const answer = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })

/** The server's side of refresh tokens: each one is good once. */
class Server {
  valid = 'refresh-0'
  count = 0
  refresh = async (refresh: string) => {
    if (refresh !== this.valid) return answer({ code: 'not_authenticated', message: 'No.' }, 401)
    this.count += 1
    this.valid = `refresh-${this.count}`
    return answer({ access: access(`a${this.count}`), refresh: this.valid })
  }
}

/** One lock for all tabs, as the browser gives it. */
function locks() {
  let tail: Promise<unknown> = Promise.resolve()
  return <T>(_: string, action: () => Promise<T>): Promise<T> => {
    const next = tail.then(action, action)
    tail = next
    return next
  }
}

let store: Store
let server: Server

beforeEach(() => {
  store = new Store()
  server = new Server()
  store.setItem('chatproject.refresh', 'refresh-0')
})

describe('tokens', () => {
  it('survive a reload through the refresh token alone', async () => {
    expect(await new Tokens(store, server.refresh, locks()).token()).toBe(access('a1'))
    expect([...store.values.values()]).toEqual(['refresh-1'])
  })

  it('are renewed once for all who ask at the same time', async () => {
    const tokens = new Tokens(store, server.refresh, locks())
    const got = await Promise.all([tokens.token(), tokens.token(), tokens.token(true)])
    expect(new Set(got)).toEqual(new Set([access('a1')]))
    expect(server.count).toBe(1)
  })

  it('are kept until a minute before their end', async () => {
    const tokens = new Tokens(store, server.refresh, locks())
    await tokens.token()
    await tokens.token()
    expect(server.count).toBe(1)
  })

  it('of two tabs do not race each other out', async () => {
    const lock = locks()
    const tabs = [new Tokens(store, server.refresh, lock), new Tokens(store, server.refresh, lock)]
    expect(await Promise.all(tabs.map((tab) => tab.token()))).toEqual([access('a1'), access('a2')])
  })

  it('of two tabs survive even where the browser has no locks', async () => {
    const free = <T>(_: string, action: () => Promise<T>) => action()
    const tabs = [new Tokens(store, server.refresh, free), new Tokens(store, server.refresh, free)]
    const got = await Promise.all(tabs.map((tab) => tab.token()))
    expect(got).not.toContain(null)
  })

  it('end when the server no longer knows them', async () => {
    server.valid = 'other'
    const tokens = new Tokens(store, server.refresh, locks())
    expect(await tokens.token()).toBeNull()
    expect(tokens.signedIn).toBe(false)
  })

  it('do not end because the server is away', async () => {
    const tokens = new Tokens(store, async () => answer({}, 503), locks())
    await expect(tokens.token()).rejects.toThrow()
    expect(tokens.signedIn).toBe(true)
  })
})

describe('the api', () => {
  const calls: { path: string; init: RequestInit }[] = []
  let answers: (() => Response | Promise<Response>)[]
  let signedOut: number
  let api: Api

  beforeEach(() => {
    calls.length = 0
    signedOut = 0
    const tokens = new Tokens(store, server.refresh, locks())
    const fetch = (async (path: string, init: RequestInit) => {
      calls.push({ path, init })
      return (answers.shift() as () => Response)()
    }) as typeof globalThis.fetch
    api = new Api(tokens, () => (signedOut += 1), fetch)
  })

  const bearer = (at: number) => (calls[at]?.init.headers as Record<string, string>).Authorization

  it('sends the token in a header, and no cookies', async () => {
    answers = [() => answer([1])]
    expect(await api.get('/api/keys/')).toEqual([1])
    expect(bearer(0)).toBe(`Bearer ${access('a1')}`)
    expect(calls[0]?.init.credentials).toBe('omit')
  })

  it('tries once more with a fresh token after 401', async () => {
    answers = [() => answer({}, 401), () => answer({ ok: true })]
    expect(await api.get('/api/me/')).toEqual({ ok: true })
    expect(bearer(1)).toBe(`Bearer ${access('a2')}`)
  })

  it('signs out after the second 401', async () => {
    answers = [
      () => answer({}, 401),
      () => answer({ code: 'not_authenticated', message: 'x' }, 401),
    ]
    await expect(api.get('/api/me/')).rejects.toMatchObject({ code: 'not_authenticated' })
    expect(signedOut).toBe(1)
  })

  it('passes on the sentence and what is wrong with each field', async () => {
    const body = {
      code: 'invalid',
      message: 'Look again.',
      fields: { key: ['Too short.', 'Odd.'] },
    }
    answers = [() => answer(body, 400)]
    await expect(api.post('/api/keys/')).rejects.toMatchObject({
      code: 'invalid',
      message: 'Look again.',
      fields: { key: 'Too short. Odd.' },
    })
  })

  it('has a sentence for a server that is away, and for one that answers nonsense', async () => {
    answers = [
      () => Promise.reject(new TypeError('no')),
      () => new Response('<html>', { status: 502 }),
    ]
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'offline' })
    await expect(api.get('/x')).rejects.toBeInstanceOf(ApiError)
  })

  it('posts a form with the token, and once more after 401', async () => {
    const used: string[] = []
    const forms = [
      answer({}, 401),
      answer({ id: 'f' }, 201),
      answer({ code: 'too_large', message: 'Big.' }, 413),
    ]
    const form = async (_path: string, _form: FormData, token: string) => {
      used.push(token)
      return forms.shift() as Response
    }
    api = new Api(new Tokens(store, server.refresh, locks()), () => undefined, undefined, form)
    const watch = { onProgress: () => undefined, signal: new AbortController().signal }
    expect(await api.upload('/api/files/', new FormData(), watch)).toEqual({ id: 'f' })
    expect(used).toEqual([access('a1'), access('a2')])
    await expect(api.upload('/api/files/', new FormData(), watch)).rejects.toMatchObject({
      code: 'too_large',
    })
  })

  it('fetches files from its own server only', async () => {
    const good = '/api/files/3f0c8a4e-52a1-4a37-9a8e-0b6a0d9b7c11/'
    expect(isFileUrl(good)).toBe(true)
    for (const bad of [
      `//evil.test${good}`,
      `https://evil.test${good}`,
      '/api/files/../me/',
      `${good}?x`,
    ]) {
      expect(isFileUrl(bad)).toBe(false)
      await expect(api.file(bad)).rejects.toMatchObject({ code: 'bad_file' })
    }
  })
})
