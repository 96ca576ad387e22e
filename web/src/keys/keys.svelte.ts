import type { Api } from '../api/client'
import type { ApiKey, AuditRow, Loan, Profile } from '../api/types'

/** The user's keys as the server lists them: a name and four letters, never the secret. */
export class Keys {
  list = $state.raw<ApiKey[] | null>(null)

  constructor(
    private readonly api: Api,
    /** A key was changed or another one chosen. */
    private readonly onChange: () => Promise<void>,
  ) {}

  async load(): Promise<void> {
    this.list = await this.api.get<ApiKey[]>('/api/keys/')
  }

  async add(name: string, key: string): Promise<ApiKey> {
    const added = await this.api.post<ApiKey>('/api/keys/', { name, key })
    await this.changed()
    return added
  }

  select(key: ApiKey): Promise<void> {
    return this.reloadAfter(this.api.post(`/api/keys/${key.id}/select/`))
  }

  verify(key: ApiKey): Promise<void> {
    return this.reloadAfter(this.api.post(`/api/keys/${key.id}/verify/`))
  }

  setActive(key: ApiKey, isActive: boolean): Promise<void> {
    return this.change(key, { is_active: isActive })
  }

  /** Its name, expiry date and budgets; what is not named stays as it is. */
  change(key: ApiKey, changes: object): Promise<void> {
    return this.reloadAfter(this.api.patch(`/api/keys/${key.id}/`, changes))
  }

  replace(key: ApiKey, secret: string): Promise<void> {
    return this.reloadAfter(this.api.post(`/api/keys/${key.id}/replace/`, { key: secret }))
  }

  remove(key: ApiKey): Promise<void> {
    return this.reloadAfter(this.api.remove(`/api/keys/${key.id}/`))
  }

  loans(key: ApiKey): Promise<Loan[]> {
    return this.api.all<Loan>(`/api/keys/${key.id}/loans/`)
  }

  lend(key: ApiKey, terms: object): Promise<Loan> {
    return this.api.post<Loan>(`/api/keys/${key.id}/loans/`, terms)
  }

  endLoan(key: ApiKey, loan: Loan): Promise<void> {
    return this.api.remove(`/api/keys/${key.id}/loans/${loan.id}/`)
  }

  /** What happened to the user's keys, the newest first; deleted keys are among them. */
  history(): Promise<AuditRow[]> {
    return this.api.get<AuditRow[]>('/api/keys/audit/')
  }

  /** The keys to go on with, in order, when the chosen one is out of quota. */
  setFallbacks(ids: string[]): Promise<Profile> {
    return this.api.patch<Profile>('/api/me/', { fallback_keys: ids })
  }

  /** A refusal may have changed the key too, so the list is read again either way. */
  private async reloadAfter(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } finally {
      await this.changed()
    }
  }

  private async changed(): Promise<void> {
    await this.load()
    await this.onChange()
  }
}
