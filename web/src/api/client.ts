import { isFileUrl } from './paths'
import type { Tokens } from './tokens'
import { sendForm, type UploadWatch } from './upload'

type Fields = Record<string, string[] | string>

/** A refusal in the one shape all of REST uses; the message is a sentence fit to be shown. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly fields: Record<string, string> = {},
  ) {
    super(message)
  }
}

const OFFLINE = 'The server cannot be reached. Check your connection, then try again.'
const UNREADABLE = 'The server gave an answer this page does not understand. Try again in a moment.'

export class Api {
  constructor(
    private readonly tokens: Tokens,
    private readonly onSignedOut: () => void,
    private readonly fetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args),
    private readonly form: typeof sendForm = sendForm,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.json<T>('GET', path)
  }
  /** A list that comes in pages, each naming the next one; all of it. */
  async all<T>(path: string): Promise<T[]> {
    const results: T[] = []
    for (let next: string | undefined = path; next !== undefined;) {
      const response: Response = await this.send('GET', next)
      results.push(...(await read<T[]>(response)))
      next = /^<(\/api\/[^>]+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1]
    }
    return results
  }
  post<T>(path: string, body: object = {}, signal?: AbortSignal): Promise<T> {
    return this.json<T>('POST', path, body, signal)
  }
  patch<T>(path: string, body: object): Promise<T> {
    return this.json<T>('PATCH', path, body)
  }
  async remove(path: string): Promise<void> {
    await this.send('DELETE', path)
  }

  /** For endpoints that need nobody to be signed in. */
  async anonymous<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    return read<T>(await check(await this.raw(method, path, body, null)))
  }

  async file(url: string): Promise<Blob> {
    if (!isFileUrl(url)) throw new ApiError('bad_file', 'This file is not on this server.', 0)
    return (await this.send('GET', url)).blob()
  }

  async upload<T>(path: string, form: FormData, watch: UploadWatch): Promise<T> {
    const send = (token: string) =>
      this.form(path, form, token, watch).catch(() => {
        throw new ApiError('offline', OFFLINE, 0)
      })
    return read<T>(await this.authorized(send))
  }

  private async json<T>(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal,
  ): Promise<T> {
    return read<T>(await this.send(method, path, body, signal))
  }

  private send(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal,
  ): Promise<Response> {
    return this.authorized((token) => this.raw(method, path, body, token, signal))
  }

  private async authorized(request: (token: string) => Promise<Response>): Promise<Response> {
    let response = await request(await this.token(false))
    if (response.status === 401) response = await request(await this.token(true))
    if (response.status === 401) this.onSignedOut()
    return check(response)
  }

  private async token(fresh: boolean): Promise<string> {
    const token = await this.tokens.token(fresh).catch(() => {
      throw new ApiError('offline', OFFLINE, 0)
    })
    if (token !== null) return token
    this.onSignedOut()
    throw new ApiError('not_authenticated', 'Your sign-in has ended. Sign in again.', 401)
  }

  private raw(
    method: string,
    path: string,
    body: object | undefined,
    token: string | null,
    signal: AbortSignal | null = null,
  ) {
    const headers: Record<string, string> = { Accept: 'application/json' }
    if (token !== null) headers.Authorization = `Bearer ${token}`
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    const init = { method, headers, signal, credentials: 'omit', cache: 'no-store' } as const
    const whole = body === undefined ? init : { ...init, body: JSON.stringify(body) }
    return this.fetch(path, whole).catch(() => {
      throw new ApiError('offline', OFFLINE, 0)
    })
  }
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch {
    throw new ApiError('odd_answer', UNREADABLE, response.status)
  }
}

async function check(response: Response): Promise<Response> {
  if (response.ok) return response
  const body = (await response.json().catch(() => ({}))) as {
    code?: unknown
    message?: unknown
    fields?: Fields
  }
  const code = typeof body.code === 'string' ? body.code : 'odd_answer'
  const message = typeof body.message === 'string' ? body.message : UNREADABLE
  const fields = Object.entries(body.fields ?? {}).map(([name, messages]): [string, string] => [
    name,
    [messages].flat().join(' '),
  ])
  throw new ApiError(code, message, response.status, Object.fromEntries(fields))
}
