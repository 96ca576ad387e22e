import type { Estimate, Question } from '../api/estimate'

export const LONG_DRAFT_CHARS = 2000
const PAUSE_MS = 800
/** Send does not wait longer than this for a number, or for Gemini to count. */
const PATIENCE_MS = 3000
const COUNTING_MS = 15_000

type Ask = (question: Question, signal: AbortSignal) => Promise<Estimate>

/** Small questions cost little and are not asked about. */
export const isWorthAsking = ({ text, attachments, addresses = [] }: Question) =>
  attachments.length + addresses.length > 0 || text.length > LONG_DRAFT_CHARS

/** What the next message is likely to cost, asked for when the writer pauses. Never in the way. */
export class Estimator {
  shown = $state.raw<{ question: string; estimate: Estimate } | null>(null)

  private asked: string | null = null
  private thread: string | undefined
  private answer: Promise<Estimate | null> | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private controller = new AbortController()

  constructor(private readonly ask: Ask) {}

  /** The question as it stands now; an older one is dropped, and so is its answer. */
  follow(question: Question): void {
    const key = JSON.stringify(question)
    if (key === this.asked) return
    this.drop()
    this.asked = key
    if (!isWorthAsking(question) || question.thread_id !== this.thread) this.shown = null
    this.thread = question.thread_id
    if (isWorthAsking(question)) this.timer = setTimeout(() => void this.start(question, key), PAUSE_MS)
  }

  /** The estimate of exactly this question; null when there is none to be had soon. */
  async soon(question: Question): Promise<Estimate | null> {
    if (!isWorthAsking(question)) return null
    const key = JSON.stringify(question)
    if (this.shown?.question === key) return this.shown.estimate
    if (key !== this.asked || this.answer === null) {
      this.drop()
      this.asked = key
      void this.start(question, key)
    }
    const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null))
    return Promise.race([this.answer, late])
  }

  /** What Gemini counts; null when it cannot be asked. Only for what was meant to be sent anyway. */
  async counted(question: Question): Promise<Estimate | null> {
    const signal = AbortSignal.timeout(COUNTING_MS)
    return this.ask({ ...question, exact: true }, signal).catch(() => null)
  }

  /** Nothing is asked any more. */
  drop(): void {
    clearTimeout(this.timer)
    this.controller.abort()
    this.asked = null
    this.answer = null
  }

  private start(question: Question, key: string): Promise<Estimate | null> {
    this.controller = new AbortController()
    const { signal } = this.controller
    this.answer = this.ask(question, signal).then(
      (estimate) => {
        if (!signal.aborted) this.shown = { question: key, estimate }
        return estimate
      },
      () => {
        if (!signal.aborted) this.shown = null
        return null
      },
    )
    return this.answer
  }
}
