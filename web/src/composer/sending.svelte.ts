import type { Estimate, Question } from '../api/estimate'
import { looksLikeKey } from '../shared/advice'
import type { Desk } from './desk.svelte'
import type { Estimator } from './estimate.svelte'

export type Held = { why: 'key' } | { why: 'cost'; estimate: Estimate }
type Why = Held['why']

interface Talk {
  readonly desk: Desk
  readonly question: Question
  submit(allowKey?: boolean): Promise<void>
}

/** What stands between Send and sending: uploads to wait for, and what should be asked first. */
export class Sending {
  private waitingFor = $state.raw<Desk | null>(null)
  private hold = $state.raw<{ question: string; held: Held } | null>(null)

  constructor(
    private readonly talk: Talk,
    private readonly estimator: Pick<Estimator, 'soon' | 'counted'>,
  ) {}

  /** Send was pressed, and the message goes as soon as its files are uploaded. */
  get waiting(): boolean {
    return this.waitingFor === this.talk.desk
  }

  /** Why the message was not sent yet; over when it is changed. */
  get held(): Held | null {
    return this.hold?.question === JSON.stringify(this.talk.question) ? this.hold.held : null
  }

  /** Sends unless there is something to ask; `allowed` was asked and answered. */
  async send(...allowed: Why[]): Promise<void> {
    const { desk } = this.talk
    if (this.waiting || desk.empty) return
    this.hold = null
    if (!allowed.includes('key') && looksLikeKey(desk.text)) return this.holdBack({ why: 'key' })
    this.waitingFor = desk
    await desk.files.settled()
    const isWanted = () => this.waiting && this.waitingFor === desk
    const estimate = isWanted() && !allowed.includes('cost') ? await this.estimate() : null
    const goesOn = isWanted()
    if (this.waitingFor === desk) this.waitingFor = null
    if (!goesOn) return
    if (estimate?.warn) this.holdBack({ why: 'cost', estimate })
    else await this.talk.submit(looksLikeKey(desk.text) && allowed.includes('key'))
  }

  /** An estimate is on the high side: before it stands in the way, Gemini counts. */
  private async estimate(): Promise<Estimate | null> {
    const { question } = this.talk
    const estimate = await this.estimator.soon(question)
    return estimate?.warn ? ((await this.estimator.counted(question)) ?? estimate) : estimate
  }

  /** Leaves the message unsent; also the end of a question that was answered with no. */
  cancel(): void {
    this.waitingFor = null
    this.hold = null
  }

  private holdBack(held: Held): void {
    this.hold = { question: JSON.stringify(this.talk.question), held }
  }
}
