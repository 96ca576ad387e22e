import type { Estimate, EstimateRequest } from '../api/types'
import { resemblesKey } from '../shared/key-like'
import type { Draft } from './draft.svelte'
import type { Estimator } from './estimate.svelte'

export type Hold = { reason: 'key' } | { reason: 'cost'; estimate: Estimate }
type HoldReason = Hold['reason']

/** What the gate sends from: the conversation on screen. */
interface SendTarget {
  readonly draft: Draft
  readonly estimateRequest: EstimateRequest
  submit(allowKey?: boolean): Promise<void>
}

/** What stands between Send and sending: uploads to wait for, and what has to be confirmed first. */
export class SendGate {
  private waitingFor = $state.raw<Draft | null>(null)
  /** The hold, and the request it was made for. */
  private held = $state.raw<{ request: string; hold: Hold } | null>(null)

  constructor(
    private readonly target: SendTarget,
    private readonly estimator: Pick<Estimator, 'estimate' | 'count'>,
  ) {}

  /** Send was pressed, and the message goes as soon as its files are uploaded. */
  get waiting(): boolean {
    return this.waitingFor === this.target.draft
  }

  /** Why the message was not sent yet; null again once it is changed. */
  get hold(): Hold | null {
    return this.held?.request === JSON.stringify(this.target.estimateRequest)
      ? this.held.hold
      : null
  }

  /** Sends unless there is something to confirm; `confirmed` names what the user agreed to. */
  async send(...confirmed: HoldReason[]): Promise<void> {
    const { draft } = this.target
    if (this.waiting || draft.empty) return
    this.held = null
    if (!confirmed.includes('key') && resemblesKey(draft.text))
      return this.holdBack({ reason: 'key' })
    this.waitingFor = draft
    await draft.files.settled()
    // Cancelled, or another thread was opened meanwhile: then nothing may leave.
    const isWanted = () => this.waiting && this.waitingFor === draft
    const estimate = isWanted() && !confirmed.includes('cost') ? await this.estimate() : null
    const goesOn = isWanted()
    if (this.waitingFor === draft) this.waitingFor = null
    if (!goesOn) return
    if (estimate?.warn) this.holdBack({ reason: 'cost', estimate })
    else await this.target.submit(resemblesKey(draft.text) && confirmed.includes('key'))
  }

  /** An estimate is on the high side: before it stands in the way, Gemini counts. */
  private async estimate(): Promise<Estimate | null> {
    const request = this.target.estimateRequest
    const estimate = await this.estimator.estimate(request)
    return estimate?.warn ? ((await this.estimator.count(request)) ?? estimate) : estimate
  }

  /** Leaves the message unsent, and drops the hold. */
  cancel(): void {
    this.waitingFor = null
    this.held = null
  }

  private holdBack(hold: Hold): void {
    this.held = { request: JSON.stringify(this.target.estimateRequest), hold }
  }
}
