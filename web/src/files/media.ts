import { type Api, ApiError } from '../api/client'
import type { SignedUrl } from '../api/types'

const SHOWN = /^(image\/(png|jpeg|webp|gif|avif)|audio\/[\w.+-]+|video\/(mp4|webm|quicktime|ogg))$/

export type DisplayKind = 'image' | 'audio' | 'video' | 'file'

/** What can be shown in place. The rest, SVG and HTML among it, can only be downloaded. */
export function displayKind(mimeType: string): DisplayKind {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  return SHOWN.test(type) ? (type.split('/')[0] as DisplayKind) : 'file'
}

const urls = new Map<string, Promise<string>>()

/** Files need the token in a header: a picture is fetched whole and shown from a blob: address. */
export function mediaUrl(api: Api, url: string, mimeType: string): Promise<string> {
  const have = urls.get(url)
  if (have) return have
  const type = displayKind(mimeType) === 'file' ? 'application/octet-stream' : mimeType
  const made = api.file(url).then((blob) => URL.createObjectURL(new Blob([blob], { type })))
  urls.set(url, made)
  made.catch(() => urls.delete(url))
  return made
}

/** An address that works without the token until it lapses, in milliseconds since 1970. */
export interface Link {
  href: string
  lapses: number
}

/** A request with a link has to reach the server before it lapses. */
const MARGIN_MS = 30_000

const links = new Map<string, Promise<Link>>()

/**
 * A signed address of a file, for what the browser itself has to fetch: sound and video are then
 * read piece by piece as they play, and nothing large stays in memory.
 */
export async function signedLink(api: Api, url: string): Promise<Link> {
  const have = await links.get(url)?.catch(() => undefined)
  if (have && have.lapses - MARGIN_MS > Date.now()) return have
  const made = api.post<SignedUrl>(`${url}link/`).then(readLink)
  links.set(url, made)
  return made
}

function readLink({ url, expires_at }: SignedUrl): Link {
  const lapses = Date.parse(expires_at)
  if (new URL(url, location.origin).origin !== location.origin || Number.isNaN(lapses)) {
    throw new ApiError('bad_file', 'This file is not on this server.', 0)
  }
  return { href: url, lapses }
}

/** Hands the file to the browser's own downloads. */
export async function download(api: Api, url: string, name: string): Promise<void> {
  const link = document.createElement('a')
  link.href = (await signedLink(api, url)).href
  link.download = name
  link.click()
}

/** The file is no longer there, which is not a failure but somebody's wish. */
export const isGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 404 || error.status === 410)

const AHEAD = '400px'

/** Runs `action` once the element comes near the window; what nobody looks at is not fetched. */
export function whenVisible(action: () => unknown) {
  return (element: HTMLElement) => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return
        observer.disconnect()
        action()
      },
      { rootMargin: AHEAD, scrollMargin: AHEAD },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }
}

export function clearMedia(): void {
  links.clear()
  for (const made of urls.values())
    made.then(
      (url) => URL.revokeObjectURL(url),
      () => undefined,
    )
  urls.clear()
}
