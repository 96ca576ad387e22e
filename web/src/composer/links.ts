/** A video on YouTube, or a PDF or picture of the public web, that a text links to. */
export interface Link {
  address: string
  kind: 'video' | 'file'
  name: string
  mimeType: string
  /** Seconds, from a link that says where to begin. */
  start: number | null
}

const LINK = /https:\/\/[^\s<>"'`()[\]{}|\\^]+/g
const TRAILING = /[.,;:!?*_~…]+$/
const YOUTUBE = new Set(['youtube.com', 'www.youtube.com', 'm.youtube.com', 'music.youtube.com'])
/** Names that mean nothing to Google, as in gemini/addresses.py. */
const PRIVATE = new Set([
  ...['localhost', 'local', 'internal', 'intranet', 'private', 'corp', 'home', 'lan', 'arpa'],
  ...['test', 'invalid', 'example', 'onion', 'alt'],
])
const ID = /^[\w-]{11}$/
const NAMED = /^\/(?:shorts|live|embed|v)\/([\w-]{11})\/?$/
const TYPES: Record<string, string> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  bmp: 'image/bmp',
}

/** The links of a text that Google can open as files, each once; what the server takes, as it takes it. */
export function linksIn(text: string): Link[] {
  const links = new Map<string, Link>()
  for (const [match] of text.matchAll(LINK)) {
    const link = linkFrom(match.replace(TRAILING, ''))
    if (link !== null && !links.has(link.address)) links.set(link.address, link)
  }
  return [...links.values()]
}

function linkFrom(text: string): Link | null {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return null
  }
  const isNamed = /^[a-z0-9.-]+\.[a-z][a-z0-9-]+$/.test(url.hostname) && url.port === ''
  const isPublic = isNamed && !PRIVATE.has(url.hostname.split('.').at(-1) ?? '')
  if (!isPublic || url.username !== '' || text.length > 2_000 || /[^!-~]/.test(text)) return null
  if (url.hostname === 'youtu.be' || YOUTUBE.has(url.hostname)) return videoAt(url)
  const mimeType = TYPES[url.pathname.split('.').at(-1)?.toLowerCase() ?? '']
  if (mimeType === undefined) return null
  const address = text.split('#')[0] ?? text
  return {
    address,
    kind: 'file',
    name: url.pathname.split('/').at(-1) ?? '',
    mimeType,
    start: null,
  }
}

function videoAt(url: URL): Link | null {
  const path = url.pathname
  const named =
    url.hostname === 'youtu.be' ? path.slice(1).replace(/\/$/, '') : (NAMED.exec(path)?.[1] ?? '')
  const id = /^\/watch\/?$/.test(path) ? (url.searchParams.get('v') ?? '') : named
  if (!ID.test(id)) return null
  const hash = new URLSearchParams(url.hash.slice(1))
  const place = hash.get('t') ?? url.searchParams.get('t') ?? url.searchParams.get('start') ?? ''
  const address = `https://www.youtube.com/watch?v=${id}`
  return {
    address,
    kind: 'video',
    name: `YouTube video ${id}`,
    mimeType: 'video/mp4',
    start: parseOffset(place),
  }
}

/** `90`, `90s` or `1h2m3s`, as links say it. */
function parseOffset(text: string): number | null {
  const match = /^(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?$/.exec(text)
  if (text === '' || match === null) return null
  const [hours, minutes, seconds] = match.slice(1).map((number) => Number(number ?? 0))
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0) || null
}
