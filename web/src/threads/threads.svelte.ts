import type { Api } from '../api/client'
import type { Thread, ThreadPage } from '../api/types'

export class Threads {
  list = $state.raw<Thread[] | null>(null)
  next = $state<string | null>(null)

  constructor(private readonly api: Api) {}

  /** Reads the newest page again; what was scrolled in below it stays. */
  async load(): Promise<void> {
    const page = await this.api.get<ThreadPage>('/api/threads/')
    const fresh = new Set(page.results.map((thread) => thread.id))
    const oldest = page.results.at(-1)?.updated_at ?? ''
    const isOlder = (thread: Thread) => !fresh.has(thread.id) && thread.updated_at < oldest
    const older = page.next === null ? [] : (this.list ?? []).filter(isOlder)
    if (older.length === 0) this.next = page.next
    this.list = [...page.results, ...older]
  }

  async more(): Promise<void> {
    if (this.next === null) return
    const page = await this.api.get<ThreadPage>(
      `/api/threads/?cursor=${encodeURIComponent(this.next)}`,
    )
    const have = new Set(this.list?.map((thread) => thread.id))
    this.next = page.next
    this.list = [...(this.list ?? []), ...page.results.filter((thread) => !have.has(thread.id))]
  }

  async rename(id: string, title: string): Promise<void> {
    const renamed = await this.api.patch<Thread>(`/api/threads/${id}/`, { title })
    this.list = this.list?.map((thread) => (thread.id === id ? renamed : thread)) ?? null
  }

  async remove(id: string): Promise<void> {
    await this.api.remove(`/api/threads/${id}/`)
    this.list = this.list?.filter((thread) => thread.id !== id) ?? null
  }

  mark(id: string, runningRun: string | null): void {
    const change = (thread: Thread) =>
      thread.id === id ? { ...thread, running_run: runningRun } : thread
    this.list = this.list?.map(change) ?? null
  }

  find(id: string | null): Thread | undefined {
    return this.list?.find((thread) => thread.id === id)
  }
}
