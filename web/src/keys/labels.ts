import type { ApiKey, AuditRow, Budget, KeyStatus, Model } from '../api/types'
import { moment } from '../shared/dates'

/** What a page says about keys: their state, their limits and their history, in words. */

const STATES: Record<KeyStatus, string> = {
  active: 'Works',
  unverified: 'Not checked yet',
  invalid: 'Refused by Google',
  blocked: 'Blocked by Google',
  limited: 'Needs a change at Google',
  quota: 'Quota used up',
  expired: 'Past its expiry date',
  unreadable: 'Cannot be read: enter it again',
}

export interface Health {
  status: KeyStatus | 'off'
  label: string
}

export function healthOf(key: ApiKey, now = new Date()): Health {
  if (!key.is_active) return { status: 'off', label: 'Switched off' }
  const label = STATES[key.status] ?? key.status
  if (key.status !== 'quota' || key.quota_until === null) return { status: key.status, label }
  return { status: key.status, label: `${label} until ${moment(key.quota_until, now)}` }
}

/** The limits in few words; empty if there are none. */
export function budgetOf(budget: Budget): string {
  const parts = [
    budget.daily_tokens !== null && `${budget.daily_tokens.toLocaleString()} tokens a day`,
    budget.monthly_tokens !== null && `${budget.monthly_tokens.toLocaleString()} tokens a month`,
    budget.daily_money !== null && `$${budget.daily_money} a day`,
    budget.monthly_money !== null && `$${budget.monthly_money} a month`,
  ]
  return parts.filter((part) => part !== false).join(', ')
}

/** The models a key is lent for, as people know them. */
export function labels(names: string[], models: Model[]): string {
  return names.map((name) => models.find((model) => model.id === name)?.label ?? name).join(', ')
}

const DONE: Record<string, string> = {
  create: 'added',
  replace: 'replaced by another key',
  rename: 'renamed',
  limits: 'given other limits',
  select: 'chosen for answers',
  activate: 'switched on',
  deactivate: 'switched off',
  verify: 'checked with Google',
  use_refused: 'refused for an answer',
  lend: 'lent',
  revoke: 'taken back',
  rotate: 'sealed anew',
  delete: 'deleted',
}

/** One line of the history; `me` is the reader. */
export function auditLine(row: AuditRow, me: string): string {
  const done = DONE[row.what] ?? row.what
  const detail = row.detail ? ` (${row.detail})` : ''
  const actor = row.actor === me ? 'you' : row.actor || 'the operator'
  const door = row.via === 'admin' ? ', in the admin' : ''
  return `“${row.key_name}” was ${done}${detail}, by ${actor}${door}`
}

/** A day that somebody picked, as its last moment; none for an empty field. */
export function endOfDay(picked: string): string | null {
  return picked === '' ? null : new Date(`${picked}T23:59:59`).toISOString()
}

/** The value of a date field for a moment. */
export function pickedDay(iso: string | null): string {
  if (iso === null) return ''
  const at = new Date(iso)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}
