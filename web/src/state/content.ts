import { fileUrl, type SentFile } from '../api/files'
import type { ContentPart, MediaKind } from '../agent/wire'

const MEDIA = new Set<string>(['image', 'audio', 'video'])

export function kindOf(mimeType: string): MediaKind {
  const kind = mimeType.split('/')[0]?.toLowerCase() ?? ''
  return MEDIA.has(kind) ? (kind as MediaKind) : 'document'
}

/** A message as AG-UI carries it: plain text, or its files and then what is said about them. */
export function contentOf(text: string, files: SentFile[]): string | ContentPart[] {
  if (files.length === 0) return text
  const parts = files.map(({ id, mime_type: mimeType }): ContentPart => {
    return { type: kindOf(mimeType), source: { type: 'url', value: fileUrl(id), mimeType } }
  })
  return text.trim() === '' ? parts : [...parts, { type: 'text', text }]
}
