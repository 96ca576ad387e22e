import type { MediaKind } from '../agent/wire'
import type { IconName } from '../shared/Icon.svelte'

const MEDIA = new Set<string>(['image', 'audio', 'video'])

export function kindOf(mimeType: string): MediaKind {
  const kind = mimeType.split('/')[0]?.toLowerCase() ?? ''
  return MEDIA.has(kind) ? (kind as MediaKind) : 'document'
}

const ICONS = { image: 'media', audio: 'sound', video: 'film', document: 'file' } as const

/** The picture of a file that has none itself. */
export const fileIcon = (mimeType: string): IconName => ICONS[kindOf(mimeType)]
