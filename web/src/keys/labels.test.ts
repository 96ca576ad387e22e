import { describe, expect, test } from 'vitest'

import type { ApiKey, AuditRow, Model } from '../api/types'
import { moment } from '../shared/dates'
import { budgetOf, endOfDay, healthOf, labels, auditLine, pickedDay } from './labels'

const NOW = new Date('2026-11-20T10:00:00')
const KEY = { is_active: true, status: 'active', quota_until: null } as ApiKey
const NONE = { daily_tokens: null, monthly_tokens: null, daily_money: null, monthly_money: null }

describe('the state of a key', () => {
  test('is said in words', () => {
    expect(healthOf(KEY, NOW)).toEqual({ status: 'active', label: 'Works' })
    expect(healthOf({ ...KEY, status: 'expired' }, NOW).label).toBe('Past its expiry date')
    expect(healthOf({ ...KEY, status: 'blocked', is_active: false }, NOW).status).toBe('off')
  })

  test('says until when there is no quota', () => {
    const until = new Date('2026-11-20T14:30:00').toISOString()
    const quota = { ...KEY, status: 'quota', quota_until: until } as ApiKey
    expect(healthOf(quota, NOW).label).toBe(`Quota used up until ${moment(until, NOW)}`)
    expect(moment(until, NOW)).toContain('30')
    expect(healthOf({ ...quota, quota_until: null }, NOW).label).toBe('Quota used up')
  })
})

test('limits are told, and none is nothing', () => {
  expect(budgetOf(NONE)).toBe('')
  expect(budgetOf({ ...NONE, daily_tokens: 500, monthly_money: '2.50' })).toBe(
    '500 tokens a day, $2.50 a month',
  )
})

test('models are called as people know them', () => {
  const models = [{ id: 'a', label: 'Model A' }] as Model[]
  expect(labels(['a', 'b'], models)).toBe('Model A, b')
})

test('a line of the history says who did what', () => {
  const row = { what: 'lend', key_name: 'work', actor: 'alice', via: 'api' } as AuditRow
  expect(auditLine({ ...row, detail: 'to bob' }, 'alice')).toBe('“work” was lent (to bob), by you')
  const theirs = { ...row, what: 'delete', detail: '', actor: 'root', via: 'admin' } as AuditRow
  expect(auditLine(theirs, 'alice')).toBe('“work” was deleted, by root, in the admin')
  expect(auditLine({ ...theirs, actor: '', via: 'command' }, 'alice')).toContain('by the operator')
})

test('a picked day lasts to its end, and comes back as picked', () => {
  expect(endOfDay('')).toBeNull()
  expect(new Date(endOfDay('2026-12-03') ?? '').getHours()).toBe(23)
  expect(pickedDay(endOfDay('2026-12-03'))).toBe('2026-12-03')
  expect(pickedDay(null)).toBe('')
})
