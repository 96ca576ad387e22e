import type { Estimate, EstimateRequest } from '../api/types'

export const LONG_DRAFT_CHARS = 2000
const DEBOUNCE_MS = 800
/** Send does not wait longer than this for a number, or for Gemini to count. */
const TIMEOUT_MS = 3000
const COUNT_TIMEOUT_MS = 15_000

type FetchEstimate = (request: EstimateRequest, signal: AbortSignal) => Promise<Estimate>

/** Short messages cost little: no estimate is fetched for them. */
export const needsEstimate = ({ text, attachments = [], addresses = [] }: EstimateRequest) =>
  attachments.length + addresses.length > 0 || text.length > LONG_DRAFT_CHARS

/** What the next message is likely to cost, fetched when the writer pauses. Never in the way. */
export class Estimator {
  /** The latest estimate, and the request it answers. */
  shown = $state.raw<{ request: string; estimate: Estimate } | null>(null)

  private requested: string | null = null
  private thread: string | null | undefined
  private pending: Promise<Estimate | null> | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private controller = new AbortController()

  constructor(private readonly fetchEstimate: FetchEstimate) {}

  /** The request as it stands now; an older one is cancelled, and its response is dropped. */
  update(request: EstimateRequest): void {
    const key = JSON.stringify(request)
    if (key === this.requested) return
    this.cancel()
    this.requested = key
    if (!needsEstimate(request) || request.thread_id !== this.thread) this.shown = null
    this.thread = request.thread_id
    if (needsEstimate(request))
      this.timer = setTimeout(() => void this.start(request, key), DEBOUNCE_MS)
  }

  /** The estimate of exactly this request; null when there is none within three seconds. */
  async estimate(request: EstimateRequest): Promise<Estimate | null> {
    if (!needsEstimate(request)) return null
    const key = JSON.stringify(request)
    if (this.shown?.request === key) return this.shown.estimate
    if (key !== this.requested || this.pending === null) {
      this.cancel()
      this.requested = key
      void this.start(request, key)
    }
    const timeout = new Promise<null>((resolve) => setTimeout(resolve, TIMEOUT_MS, null))
    return Promise.race([this.pending, timeout])
  }

  /** What Gemini counts; null when it cannot be reached. Only for what was meant to be sent anyway. */
  async count(request: EstimateRequest): Promise<Estimate | null> {
    const signal = AbortSignal.timeout(COUNT_TIMEOUT_MS)
    return this.fetchEstimate({ ...request, exact: true }, signal).catch(() => null)
  }

  cancel(): void {
    clearTimeout(this.timer)
    this.controller.abort()
    this.requested = null
    this.pending = null
  }

  private start(request: EstimateRequest, key: string): Promise<Estimate | null> {
    this.controller = new AbortController()
    const { signal } = this.controller
    this.pending = this.fetchEstimate(request, signal).then(
      (estimate) => {
        if (!signal.aborted) this.shown = { request: key, estimate }
        return estimate
      },
      () => {
        if (!signal.aborted) this.shown = null
        return null
      },
    )
    return this.pending
  }
}
