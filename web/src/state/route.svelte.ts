import { isUuid } from '../ids'

export type Route = { page: 'chat'; threadId: string | null } | { page: 'keys' } | { page: 'usage' }

export function parseHash(hash: string): Route {
  if (hash === '#/keys') return { page: 'keys' }
  if (hash === '#/usage') return { page: 'usage' }
  const id = /^#\/t\/(.+)$/.exec(hash)?.[1]
  return { page: 'chat', threadId: id !== undefined && isUuid(id) ? id : null }
}

export const threadHash = (id: string) => `#/t/${id}`

/** Where the page is, kept in the address so that it survives a reload and can be shared. */
class Router {
  current = $state.raw<Route>(parseHash(location.hash))

  constructor() {
    addEventListener('hashchange', () => (this.current = parseHash(location.hash)))
  }

  go(hash: string): void {
    location.hash = hash
  }

  /** Names what is already shown, without an entry in the history. */
  rename(hash: string): void {
    history.replaceState(null, '', hash)
    this.current = parseHash(hash)
  }
}

export const router = new Router()
