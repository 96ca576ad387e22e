import type { Api } from '../api/client'
import { filePage } from '../api/files'
import { fileUrl } from '../api/paths'
import type { StoredFile } from '../api/types'

/** All files of the user, the newest first, and how much room they take. */
export class Files {
  list = $state.raw<StoredFile[] | null>(null)
  next = $state<string | null>(null)
  usedBytes = $state(0)
  quotaBytes = $state(0)

  constructor(private readonly api: Api) {}

  load(): Promise<void> {
    return this.read(null)
  }

  async more(): Promise<void> {
    if (this.next !== null) await this.read(this.next)
  }

  async remove(file: StoredFile): Promise<void> {
    await this.api.remove(fileUrl(file.id))
    this.list = this.list?.filter(({ id }) => id !== file.id) ?? null
    this.usedBytes = Math.max(0, this.usedBytes - file.size_bytes)
  }

  clear(): void {
    this.list = null
    this.next = null
  }

  private async read(cursor: string | null): Promise<void> {
    const page = await filePage(this.api, cursor)
    const before = cursor === null ? [] : (this.list ?? [])
    const known = new Set(before.map(({ id }) => id))
    this.list = [...before, ...page.results.filter(({ id }) => !known.has(id))]
    this.next = page.next
    this.usedBytes = page.used_bytes
    this.quotaBytes = page.quota_bytes
  }
}
