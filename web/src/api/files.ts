import type { Api } from './client'
import type { UploadWatch } from './upload'

const FILE = /^\/api\/files\/[\w-]{1,64}\/$/

/** Media comes from our own server only; any other address is not fetched. */
export function isFileUrl(url: string): boolean {
  return FILE.test(url)
}

export const fileUrl = (id: string) => `/api/files/${id}/`

/** What a message says of a file that goes with it. */
export interface SentFile {
  id: string
  name: string
  mime_type: string
  size_bytes: number
  /** How it is read, where that is not as it is. */
  notice?: string
  /** Why Google cannot use it; empty or missing for most. */
  refused?: string
  /** Where it lies, if not on this server: only Google fetches it. */
  address?: string
  /** Of a part of a video, in seconds. */
  start_s?: number
  end_s?: number
}

export interface StoredFile extends SentFile {
  url: string
  kind: 'uploaded' | 'produced'
  width: number | null
  height: number | null
  thread_id: string | null
  created_at: string
}

export interface FilePage {
  results: StoredFile[]
  next: string | null
  used_bytes: number
  quota_bytes: number
}

export function uploadFile(api: Api, file: File, watch: UploadWatch): Promise<StoredFile> {
  const form = new FormData()
  form.append('file', file, file.name)
  return api.upload<StoredFile>('/api/files/', form, watch)
}

export function filePage(api: Api, cursor: string | null): Promise<FilePage> {
  const query = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`
  return api.get<FilePage>(`/api/files/${query}`)
}

const UNITS = ['KB', 'MB', 'GB', 'TB']

/** 512 bytes, 3.4 MB; by the 1024, as the limits are set. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  let amount = bytes / 1024
  let unit = 0
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${amount.toLocaleString([], { maximumFractionDigits: amount < 10 ? 1 : 0 })} ${UNITS[unit]}`
}
