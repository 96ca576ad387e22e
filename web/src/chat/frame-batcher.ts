const VISIBLE_MS = 33
const HIDDEN_MS = 250

/** Gathers what arrives quickly into few steps, so the page is drawn per frame and not per delta. */
export class FrameBatcher<T> {
  private items: T[] = []
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly apply: (items: T[]) => void,
    private readonly hidden: () => boolean = () => document.hidden,
  ) {}

  push(item: T): void {
    this.items.push(item)
    this.timer ??= setTimeout(() => this.flush(), this.hidden() ? HIDDEN_MS : VISIBLE_MS)
  }

  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const items = this.items
    this.items = []
    if (items.length > 0) this.apply(items)
  }
}
