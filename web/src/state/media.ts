import type { Api } from '../api/client'

const SHOWN = /^(image\/(png|jpeg|webp|gif|avif)|audio\/[\w.+-]+|video\/[\w.+-]+)$/

export type Shape = 'image' | 'audio' | 'video' | 'file'

/** What can be shown in place. The rest, SVG and HTML among it, can only be downloaded. */
export function shapeOf(mimeType: string): Shape {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  return SHOWN.test(type) ? (type.split('/')[0] as Shape) : 'file'
}

const urls = new Map<string, Promise<string>>()

/** Files need the token in a header, so the page fetches them and shows a blob: address. */
export function mediaUrl(api: Api, url: string, mimeType: string): Promise<string> {
  const have = urls.get(url)
  if (have) return have
  const type = shapeOf(mimeType) === 'file' ? 'application/octet-stream' : mimeType
  const made = api.file(url).then((blob) => URL.createObjectURL(new Blob([blob], { type })))
  urls.set(url, made)
  made.catch(() => urls.delete(url))
  return made
}

export function forgetMedia(): void {
  for (const made of urls.values()) made.then(URL.revokeObjectURL, () => undefined)
  urls.clear()
}
