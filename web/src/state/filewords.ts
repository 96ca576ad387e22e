import type { IconName } from '../ui/Icon.svelte'
import { kindOf } from './content'

const ICONS = { image: 'media', audio: 'sound', video: 'film', document: 'file' } as const

/** The picture of a file that has none itself. */
export const fileIcon = (mimeType: string): IconName => ICONS[kindOf(mimeType)]
