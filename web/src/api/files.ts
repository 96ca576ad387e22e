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
