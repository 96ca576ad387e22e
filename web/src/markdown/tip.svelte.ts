import type { Cited } from '../agui/citations'

/** Time to move the pointer from a marker onto what it shows. */
const LEAVE_MS = 180

interface Shown {
  marker: HTMLElement
  cited: Cited
}

/** The one small box on the page that says what a marker stands for. */
class Tip {
  shown = $state.raw<Shown | null>(null)
  private hideTimer: ReturnType<typeof setTimeout> | undefined

  show(marker: HTMLElement, cited: Cited): void {
    this.cancelHide()
    this.shown = { marker, cited }
  }

  cancelHide(): void {
    clearTimeout(this.hideTimer)
  }

  hide(): void {
    this.cancelHide()
    this.hideTimer = setTimeout(() => this.close(), LEAVE_MS)
  }

  close(): void {
    this.cancelHide()
    this.shown = null
  }
}

export const tip = new Tip()
