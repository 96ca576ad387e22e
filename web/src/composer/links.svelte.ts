import type { SentFile } from '../api/types'
import { type Link, linksIn } from './links'
import { placeOf, secondsOf } from '../files/timecode'

/** So many videos Google takes in a request; more files are too many anyway. */
const MOST_LINKS = 10

/** The part of a video as it is typed: minutes and seconds. */
interface Part {
  from: string
  to: string
}

/** What the words of a message link to and Google can open; each goes along unless it is left plain. */
export class Links {
  private plain = $state.raw<string[]>([])
  private parts = $state.raw<Record<string, Part>>({})

  constructor(private readonly text: () => string) {}

  get list(): Link[] {
    return linksIn(this.text()).filter(({ address }) => !this.plain.includes(address)).slice(0, MOST_LINKS)
  }

  part(link: Link): Part {
    return this.parts[link.address] ?? { from: link.start === null ? '' : placeOf(link.start), to: '' }
  }

  choose(link: Link, change: Partial<Part>): void {
    this.parts = { ...this.parts, [link.address]: { ...this.part(link), ...change } }
  }

  /** Why a part cannot be watched; empty if it can. */
  wrong(link: Link): string {
    const { from, to } = this.part(link)
    const [start, end] = [secondsOf(from), secondsOf(to)]
    if (start === undefined || end === undefined) return 'Write a time like 1:30.'
    return end !== null && end <= (start ?? 0) ? 'The end has to come after the beginning.' : ''
  }

  /** Sends a link as nothing but words. */
  leave(link: Link): void {
    this.plain = [...this.plain, link.address]
  }

  /** What goes with the message; of a part that is none, the whole. */
  get sent(): SentFile[] {
    return this.list.map((link) => {
      const { from, to } = this.wrong(link) === '' ? this.part(link) : { from: '', to: '' }
      const start = secondsOf(from) || undefined
      const end = secondsOf(to) ?? undefined
      const { address, name, mimeType: mime_type } = link
      return {
        id: `${address}#t=${start ?? ''},${end ?? ''}`,
        ...{ name, mime_type, size_bytes: 0, address },
        ...(start === undefined ? {} : { start_s: start }),
        ...(end === undefined ? {} : { end_s: end }),
      }
    })
  }

  /** What goes with the message that is sent now; nothing is remembered of it. */
  take(): SentFile[] {
    const sent = this.sent
    this.plain = []
    this.parts = {}
    return sent
  }

  /** For a message that did not leave: what did not go with it stays plain, parts stay as they were. */
  giveBack(text: string, files: SentFile[]): void {
    const went = new Map(files.map((file) => [file.address, file]))
    for (const link of linksIn(text)) {
      const file = went.get(link.address)
      const from = file?.start_s === undefined ? '' : placeOf(file.start_s)
      if (file) this.choose(link, { from, to: file.end_s === undefined ? '' : placeOf(file.end_s) })
      else this.leave(link)
    }
  }
}
