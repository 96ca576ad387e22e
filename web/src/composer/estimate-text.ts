import type { Estimate } from '../api/types'
import { dollars } from '../shared/money'

const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

/** Three figures: an estimate is no bill. */
export const roughly = (tokens: number) => number.format(tokens)

export const priceIn = ({ price_usd: price }: Estimate) =>
  price === null ? null : dollars(Number(price))

export function sumOf(estimate: Estimate): string {
  const price = priceIn(estimate)
  const tokens = `about ${roughly(estimate.input_tokens)} tokens`
  return price === null ? tokens : `${tokens}, ${price}`
}

export function leftOutOf({ left_out: count }: Estimate): string | null {
  if (count === 0) return null
  return count === 1
    ? 'The oldest exchange will not fit and is left out.'
    : `The oldest ${count} exchanges will not fit and are left out.`
}
