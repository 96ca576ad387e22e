import type { Model, Price } from '../api/types'

/** What the page shows of a model before it is used: its state, its price, what stands against it. */

const AGAINST: Record<string, string> = {
  not_listed: 'not on this key',
  not_lent: 'not lent to you',
  billing_required: 'needs a key with billing',
}

/** A model in one line, for a list to choose from. */
export function optionOf(model: Model): string {
  const against =
    AGAINST[model.unavailable_because] ?? (model.available === false ? 'not on this key' : '')
  const marks = against !== '' ? [against] : marksOf(model).map((mark) => mark.toLowerCase())
  return marks.length === 0 ? model.label : `${model.label} (${marks.join(', ')})`
}

/** What there is to know of a model's state in few words, the most important first. */
export function marksOf({ ends_on, state, needs_billing }: Model): string[] {
  return [
    ends_on !== null ? `Ends on ${ends_on}` : '',
    state === 'preview' ? 'Preview' : '',
    state === 'deprecated' && ends_on === null ? 'Ending' : '',
    state === 'unknown' ? 'New' : '',
    needs_billing === true ? 'Needs billing' : '',
  ].filter((mark) => mark !== '')
}

/** The price of a million tokens, and the one to come. */
export function priceLabel({ price, coming_price: coming }: Model): string {
  if (price === null) return 'Price not known'
  const later = coming === null ? '' : `; from ${coming.since} ${amounts(coming)}`
  return `${amounts(price)} per million tokens${later}`
}

const amounts = ({ input, output }: Price) => `$${money(input)} in, $${money(output)} out`

/** Two digits after the point at least, as money has. */
function money(amount: string): string {
  const digits = amount.split('.')[1]?.length ?? 0
  return digits < 2 && digits > 0 ? Number(amount).toFixed(2) : amount
}

/** A sentence that has to be read before a model is used; empty if there is none. */
export function cautionOf(model: Model | undefined): string {
  if (model === undefined) return ''
  if (model.unavailable_because !== 'billing_required') return model.warning
  return `${model.label} needs a key with billing, and Google gives yours no quota for it: choose another model or key.`
}
