import type { Api } from '../api/client'
import type { ApiKey } from '../api/types'

/** The user's keys as the server lists them: a name and four letters, never the secret. */
export class Keys {
  list = $state.raw<ApiKey[] | null>(null)

  constructor(private readonly api: Api) {}

  async load(): Promise<void> {
    this.list = await this.api.get<ApiKey[]>('/api/keys/')
  }

  async add(name: string, key: string): Promise<void> {
    await this.api.post('/api/keys/', { name, key })
    await this.load()
  }

  select(key: ApiKey): Promise<void> {
    return this.then(this.api.post(`/api/keys/${key.id}/select/`))
  }

  verify(key: ApiKey): Promise<void> {
    return this.then(this.api.post(`/api/keys/${key.id}/verify/`))
  }

  setActive(key: ApiKey, isActive: boolean): Promise<void> {
    return this.then(this.api.patch(`/api/keys/${key.id}/`, { is_active: isActive }))
  }

  remove(key: ApiKey): Promise<void> {
    return this.then(this.api.remove(`/api/keys/${key.id}/`))
  }

  /** A refusal may have changed the key too, so the list is read again either way. */
  private async then(done: Promise<unknown>): Promise<void> {
    try {
      await done
    } finally {
      await this.load()
    }
  }
}
