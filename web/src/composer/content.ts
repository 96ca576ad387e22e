import type { ContentPart } from '../agent/wire'
import { fileUrl } from '../api/paths'
import type { SentFile } from '../api/types'
import { kindOf } from '../files/kinds'

function offsetsOf({ start_s: start, end_s: end }: SentFile) {
  if (start === undefined && end === undefined) return {}
  const offsets = {
    ...(start === undefined ? {} : { startOffset: start }),
    ...(end === undefined ? {} : { endOffset: end }),
  }
  return { metadata: offsets }
}

/** A message as AG-UI carries it: plain text, or its files and then its text. */
export function contentOf(text: string, files: SentFile[]): string | ContentPart[] {
  if (files.length === 0) return text
  const parts = files.map((file): ContentPart => {
    const { id, mime_type: mimeType, address } = file
    const value = address ?? fileUrl(id)
    return { type: kindOf(mimeType), source: { type: 'url', value, mimeType }, ...offsetsOf(file) }
  })
  return text.trim() === '' ? parts : [...parts, { type: 'text', text }]
}
