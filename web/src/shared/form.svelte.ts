import { ApiError } from '../api/client'
import { problemOf } from './problem'

/** A form that is sent somewhere: whether it is under way, what was wrong, and that it is done. */
export class Form {
  busy = $state(false)
  private done = $state('')
  private wrong = $state.raw<Record<string, string>>({})

  /** Whether it worked; `done` is said then. */
  async send(work: () => Promise<unknown>, done: string): Promise<boolean> {
    this.busy = true
    this.done = ''
    this.wrong = {}
    try {
      await work()
      this.done = done
      return true
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : {}
      this.wrong = Object.keys(fields).length > 0 ? fields : { '': problemOf(error).message }
      return false
    } finally {
      this.busy = false
    }
  }

  get mood(): 'wrong' | 'done' {
    return Object.keys(this.wrong).length > 0 ? 'wrong' : 'done'
  }

  isWrong(field: string): boolean {
    return this.wrong[field] !== undefined
  }

  /** What there is to say beside a field, or beside the only one. */
  said(field: string): string {
    return this.wrong[field] ?? this.wrong[''] ?? this.done
  }

  /** All of it, for forms of several fields. */
  get words(): string {
    return Object.values(this.wrong).join(' ') || this.done
  }
}
