import { isUuid } from './ids'

type Page = 'keys' | 'usage' | 'settings'
export type Route = { page: 'chat'; threadId: string | null } | { page: Page }

const PAGES: Record<string, Page> = {
  '#/keys': 'keys',
  '#/usage': 'usage',
  '#/settings': 'settings',
}

export function parseHash(hash: string): Route {
  const page = Object.hasOwn(PAGES, hash) ? PAGES[hash] : undefined
  if (page) return { page }
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
