import type { SentFile } from '../api/types'
import { formatTimecode, parseTimecode } from '../files/timecode'
import { type Link, linksIn } from './links'

/** So many videos Google takes in a request; more files are too many anyway. */
const MOST_LINKS = 10

/** The part of a video as it is typed: minutes and seconds. */
interface Range {
  from: string
  to: string
}

/** What the words of a message link to and Google can open; each goes along unless it is left plain. */
export class Links {
  private dismissed = $state.raw<string[]>([])
  private ranges = $state.raw<Record<string, Range>>({})

  constructor(private readonly text: () => string) {}

  get list(): Link[] {
    return linksIn(this.text())
      .filter(({ address }) => !this.dismissed.includes(address))
      .slice(0, MOST_LINKS)
  }

  range(link: Link): Range {
    return (
      this.ranges[link.address] ?? {
        from: link.start === null ? '' : formatTimecode(link.start),
        to: '',
      }
    )
  }

  choose(link: Link, change: Partial<Range>): void {
    this.ranges = { ...this.ranges, [link.address]: { ...this.range(link), ...change } }
  }

  /** Why a range cannot be watched; empty if it can. */
  rangeError(link: Link): string {
    const { from, to } = this.range(link)
    const [start, end] = [parseTimecode(from), parseTimecode(to)]
    if (start === undefined || end === undefined) return 'Write a time like 1:30.'
    return end !== null && end <= (start ?? 0) ? 'The end has to come after the beginning.' : ''
  }

  /** Sends a link as nothing but words. */
  dismiss(link: Link): void {
    this.dismissed = [...this.dismissed, link.address]
  }

  /** What goes with the message; of a part that is none, the whole. */
  get sent(): SentFile[] {
    return this.list.map((link) => {
      const { from, to } = this.rangeError(link) === '' ? this.range(link) : { from: '', to: '' }
      const start = parseTimecode(from) || undefined
      const end = parseTimecode(to) ?? undefined
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
  drain(): SentFile[] {
    const sent = this.sent
    this.dismissed = []
    this.ranges = {}
    return sent
  }

  /** For a message that did not leave: what did not go with it stays plain, parts stay as they were. */
  restore(text: string, files: SentFile[]): void {
    const went = new Map(files.map((file) => [file.address, file]))
    for (const link of linksIn(text)) {
      const file = went.get(link.address)
      const from = file?.start_s === undefined ? '' : formatTimecode(file.start_s)
      if (file)
        this.choose(link, { from, to: file.end_s === undefined ? '' : formatTimecode(file.end_s) })
      else this.dismiss(link)
    }
  }
}
