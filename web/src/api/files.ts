import type { Api } from './client'
import type { FilePage, StoredFile } from './types'
import type { UploadWatch } from './upload'

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
