/** Whole seconds that are left until a moment, counted down while somebody looks. */
export class Countdown {
  left = $state(0)
  /** What it began with. */
  from = $state(0)

  private timer: ReturnType<typeof setInterval> | undefined

  /** Counts to `moment`, in milliseconds since 1970; call what it returns to stop. */
  until(moment: number): () => void {
    const rest = () => Math.max(0, Math.ceil((moment - Date.now()) / 1000))
    clearInterval(this.timer)
    this.from = rest()
    this.left = this.from
    if (this.from > 0) {
      this.timer = setInterval(() => {
        this.left = rest()
        if (this.left === 0) clearInterval(this.timer)
      }, 1000)
    }
    return () => clearInterval(this.timer)
  }
}
