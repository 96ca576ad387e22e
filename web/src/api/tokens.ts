import type { TokenPair } from './types'

const KEY = 'chatproject.refresh'
const RENEW_BEFORE_MS = 60_000
const UNKNOWN_LIFETIME_MS = 120_000

type Locked = <T>(name: string, action: () => Promise<T>) => Promise<T>

/** Plain HTTP has no locks; there the store is read again after a pause. */
const webLock: Locked = (name, action) =>
  globalThis.navigator?.locks ? navigator.locks.request(name, action) : action()
const RECHECK_MS = 300

/**
 * Who is signed in. The access token lives in memory only. The refresh token has to outlive a
 * reload and serve every tab, so it is in localStorage: the strict content security policy is what
 * keeps foreign script away from it, and signing out (here or everywhere) makes it worthless.
 */
export class Tokens {
  private access: string | null = null
  private renewAt = 0

  constructor(
    private readonly store: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    private readonly send: (refresh: string) => Promise<Response>,
    private readonly lock: Locked = webLock,
  ) {}

  get signedIn(): boolean {
    return this.store.getItem(KEY) !== null
  }

  get refresh(): string | null {
    return this.store.getItem(KEY)
  }

  accept(pair: TokenPair): void {
    this.store.setItem(KEY, pair.refresh)
    this.access = pair.access
    this.renewAt = Date.now() + lifetime(pair.access) - RENEW_BEFORE_MS
  }

  clear(): void {
    this.store.removeItem(KEY)
    this.access = null
  }

  /** A token that is good for a while; null when signed out. Throws when the server is away. */
  async token(fresh = false): Promise<string | null> {
    if (!fresh && this.access !== null && Date.now() < this.renewAt) return this.access
    const before = this.access
    return this.lock('chatproject-token', async () => {
      const renewedMeanwhile = this.access !== before
      if (renewedMeanwhile && this.access !== null) return this.access
      return this.renew()
    })
  }

  /** Another tab may have used up the refresh token read here; then its successor is tried. */
  private async renew(): Promise<string | null> {
    for (;;) {
      const refresh = this.refresh
      if (refresh === null) return (this.access = null)
      const response = await this.send(refresh)
      if (response.ok) {
        this.accept((await response.json()) as TokenPair)
        return this.access
      }
      if (response.status !== 401 && response.status !== 400)
        throw new Error(`refresh ${response.status}`)
      await new Promise((resolve) => setTimeout(resolve, RECHECK_MS))
      if (this.refresh === refresh) {
        this.clear()
        return null
      }
    }
  }
}

/** By the token's own two times, so that a wrong clock on this device does not matter. */
function lifetime(access: string): number {
  try {
    const payload = (access.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const { exp, iat } = JSON.parse(atob(payload)) as { exp: number; iat: number }
    const ms = (exp - iat) * 1000
    return Number.isFinite(ms) ? Math.max(ms, RENEW_BEFORE_MS * 1.5) : UNKNOWN_LIFETIME_MS
  } catch {
    return UNKNOWN_LIFETIME_MS
  }
}
