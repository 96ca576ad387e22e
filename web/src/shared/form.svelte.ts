import { ApiError } from '../api/client'
import { problemOf } from './problem'

/** A form that is sent somewhere: whether it is under way, what was wrong, and that it is done. */
export class Form {
  busy = $state(false)
  private done = $state('')
  private errors = $state.raw<Record<string, string>>({})

  /** Whether it worked; `done` is the message then. */
  async send(work: () => Promise<unknown>, done: string): Promise<boolean> {
    this.busy = true
    this.done = ''
    this.errors = {}
    try {
      await work()
      this.done = done
      return true
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : {}
      this.errors = Object.keys(fields).length > 0 ? fields : { '': problemOf(error).message }
      return false
    } finally {
      this.busy = false
    }
  }

  get status(): 'wrong' | 'done' {
    return Object.keys(this.errors).length > 0 ? 'wrong' : 'done'
  }

  isInvalid(field: string): boolean {
    return this.errors[field] !== undefined
  }

  /** What there is to say beside a field, or beside the only one. */
  messageFor(field: string): string {
    return this.errors[field] ?? this.errors[''] ?? this.done
  }

  /** All of it, for forms of several fields. */
  get message(): string {
    return Object.values(this.errors).join(' ') || this.done
  }
}
