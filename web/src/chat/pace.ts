const VISIBLE_MS = 33
const HIDDEN_MS = 250

/** Gathers what arrives quickly into few steps, so the page is drawn per frame and not per delta. */
export class Pace<T> {
  private items: T[] = []
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly flush: (items: T[]) => void,
    private readonly hidden: () => boolean = () => document.hidden,
  ) {}

  push(item: T): void {
    this.items.push(item)
    this.timer ??= setTimeout(() => this.now(), this.hidden() ? HIDDEN_MS : VISIBLE_MS)
  }

  now(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const items = this.items
    this.items = []
    if (items.length > 0) this.flush(items)
  }
}
