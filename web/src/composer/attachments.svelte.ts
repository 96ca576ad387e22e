import type { SentFile, StoredFile } from '../api/types'
import type { UploadWatch } from '../api/upload'
import { formatBytes } from '../files/size'
import { uuid } from '../shared/ids'
import { problemOf } from '../shared/problem'

export const MOST_FILES = 16
export const USUAL_MAX_BYTES = 20 * 1024 * 1024
const AT_ONCE = 2
/** What the same bytes will be refused for again. */
const FINAL = new Set(['too_large', 'unsupported_file', 'empty_file', 'bad_file'])

export interface Uploads {
  maxBytes(): number
  send(file: File, watch: UploadWatch): Promise<StoredFile>
  /** Deletes a file that no message carries. */
  drop(id: string): void
}

type State = 'waiting' | 'uploading' | 'done' | 'failed'

/** A file that is to go with the next message. */
export class Attachment {
  readonly key = uuid()
  state = $state<State>('waiting')
  /** From 0 to 1. */
  sent = $state(0)
  /** Why it failed, in words. */
  problem = $state('')
  /** Whether the same file may well be taken the next time. */
  mayRetry = $state(true)
  stored = $state.raw<SentFile | null>(null)
  readonly controller = new AbortController()

  private constructor(
    readonly name: string,
    readonly mimeType: string,
    readonly size: number,
    /** None for one that was uploaded before, with a message that came back. */
    readonly file: File | null,
    /** A `blob:` address of a picture. */
    readonly preview: string | null,
  ) {}

  static fromFile(file: File): Attachment {
    const isPicture = /^image\/(png|jpeg|webp|gif|avif)$/.test(file.type)
    const preview = isPicture ? URL.createObjectURL(file) : null
    return new Attachment(file.name, file.type, file.size, file, preview)
  }

  static fromStored(sent: SentFile): Attachment {
    const attachment = new Attachment(sent.name, sent.mime_type, sent.size_bytes, null, null)
    attachment.stored = sent
    attachment.state = 'done'
    return attachment
  }

  get pending(): boolean {
    return this.state === 'waiting' || this.state === 'uploading'
  }

  /** Nothing of it is needed any more. */
  release(): void {
    this.controller.abort()
    if (this.preview !== null) URL.revokeObjectURL(this.preview)
  }
}

/** The files of one thread's next message: picked, uploaded two at a time, then sent with it. */
export class Attachments {
  list = $state.raw<Attachment[]>([])
  /** What a screen reader announces of uploads. */
  announcement = $state('')
  /** Why files were not taken at all. */
  problem = $state('')

  private settledWaiters: (() => void)[] = []

  constructor(private readonly uploads: Uploads) {}

  get pending(): Attachment[] {
    return this.list.filter((each) => each.pending)
  }

  get failed(): Attachment[] {
    return this.list.filter((each) => each.state === 'failed')
  }

  /** How many pictures are among them. */
  get pictures(): number {
    return this.list.filter(({ mimeType }) => mimeType.startsWith('image/')).length
  }

  get stored(): SentFile[] {
    return this.list.flatMap(({ stored }) => stored ?? [])
  }

  add(files: Iterable<File>): void {
    const picked = [...files]
    const accepted = picked.slice(0, Math.max(0, MOST_FILES - this.list.length))
    const left = picked.length - accepted.length
    this.problem =
      left > 0 ? `At most ${MOST_FILES} files go with a message; ${left} left out.` : ''
    const fresh = accepted.map((file) => Attachment.fromFile(file))
    this.list = [...this.list, ...fresh]
    for (const each of fresh) this.check(each)
    this.next()
  }

  remove(attachment: Attachment): void {
    attachment.release()
    this.list = this.list.filter((each) => each !== attachment)
    // One that was sent before may stand in a message too.
    if (attachment.stored !== null && attachment.file !== null)
      this.uploads.drop(attachment.stored.id)
    this.problem = ''
    this.announcement = `${attachment.name} is removed.`
    this.next()
  }

  retry(attachment: Attachment): void {
    attachment.state = 'waiting'
    attachment.sent = 0
    this.check(attachment)
    this.next()
  }

  /** Once no upload is under way, whatever became of them. */
  settled(): Promise<void> {
    if (this.pending.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.settledWaiters.push(resolve))
  }

  /** What goes with the message that is sent now; nothing stays. */
  drain(): SentFile[] {
    const files = this.stored
    for (const each of this.list) each.release()
    this.list = []
    this.announcement = ''
    return files
  }

  /** Files of a message that did not leave, before any added since. */
  restore(files: SentFile[]): void {
    const have = new Set(this.stored.map(({ id }) => id))
    const back = files.filter(({ id }) => !have.has(id))
    this.list = [...back.map((file) => Attachment.fromStored(file)), ...this.list]
  }

  private check(attachment: Attachment): void {
    const most = this.uploads.maxBytes()
    const { size } = attachment
    if (size === 0) this.fail(attachment, 'This file is empty.', false)
    else if (size > most) {
      this.fail(
        attachment,
        `Too large: ${formatBytes(size)}, and at most ${formatBytes(most)} can be sent.`,
        false,
      )
    }
  }

  private next(): void {
    const busy = this.list.filter(({ state }) => state === 'uploading').length
    const first = this.list
      .filter(({ state }) => state === 'waiting')
      .slice(0, Math.max(0, AT_ONCE - busy))
    for (const each of first) void this.upload(each)
    if (this.pending.length > 0) return
    for (const resolve of this.settledWaiters.splice(0)) resolve()
  }

  private async upload(attachment: Attachment): Promise<void> {
    attachment.state = 'uploading'
    try {
      const watch = {
        signal: attachment.controller.signal,
        onProgress: (sent: number) => void (attachment.sent = sent),
      }
      const stored = await this.uploads.send(attachment.file as File, watch)
      this.handleUploaded(attachment, stored)
    } catch (error) {
      const { code, message } = problemOf(error)
      if (!attachment.controller.signal.aborted) this.fail(attachment, message, !FINAL.has(code))
    }
    this.next()
  }

  private handleUploaded(attachment: Attachment, stored: StoredFile): void {
    // Removed in the very moment it arrived.
    if (attachment.controller.signal.aborted) return this.uploads.drop(stored.id)
    attachment.stored = stored
    attachment.state = 'done'
    this.announcement = `${attachment.name} is attached. ${stored.notice ?? ''}`.trim()
  }

  private fail(attachment: Attachment, problem: string, mayRetry: boolean): void {
    attachment.state = 'failed'
    attachment.mayRetry = mayRetry
    attachment.problem = problem
    this.announcement = `${attachment.name} is not attached. ${problem}`
  }
}

/**
 * Files of what was pasted or dropped. Text copied from an office program carries a picture of
 * itself; then the text is meant.
 */
export function filesIn(data: DataTransfer | null): File[] {
  const files = [...(data?.files ?? [])]
  const types = data?.types ?? []
  return types.includes('text/html') && types.includes('text/plain') ? [] : files
}
