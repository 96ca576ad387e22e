export interface RunListener {
  event(event: unknown, seq: number): void
  /** What is held cannot be continued; the stored answer has to be fetched again. */
  resync(reason: string): void
}

const ACK_EVERY = 64
const ACK_MS = 1000

/** How far one run has been read: drops what was seen, never passes over a gap, acknowledges. */
export class RunSubscription {
  private acked: number
  private timer: ReturnType<typeof setTimeout> | undefined
  private hasGap = false

  constructor(
    public last: number,
    readonly listener: RunListener,
    private readonly ack: (seq: number) => void,
  ) {
    this.acked = last
  }

  receive(seq: number, event: unknown): void {
    if (this.hasGap || seq <= this.last) return
    if (seq > this.last + 1) {
      this.hasGap = true
      this.stop()
      this.listener.resync('gap')
      return
    }
    this.last = seq
    this.listener.event(event, seq)
    if (seq - this.acked >= ACK_EVERY) this.acknowledge()
    else this.timer ??= setTimeout(() => this.acknowledge(), ACK_MS)
  }

  /** Ends the pause before an acknowledgement; a reconnect starts counting again. */
  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.acked = this.last
  }

  private acknowledge(): void {
    this.stop()
    this.ack(this.last)
  }
}
