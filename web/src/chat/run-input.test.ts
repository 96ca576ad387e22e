import { expect, it } from 'vitest'

import { excessBytes, runInput } from './run-input'

const run = (parentRunId: string | null) => ({
  ...{ runId: 'r', parentRunId, prompt: 'Hello', attachments: [], allowKey: false },
})
const options = { agent: 'auto' }

it('names the run it continues', () => {
  const input = runInput('t', run('a'), options, null)
  expect(input).toMatchObject({ threadId: 't', runId: 'r', parentRunId: 'a' })
  expect(input.messages).toMatchObject([{ role: 'user', content: 'Hello' }])
  expect(input.forwardedProps).toEqual({ agent: 'auto' })
})

it('says that it opens a conversation anew, where there is one', () => {
  const again = runInput('t', run(null), options, null)
  expect(again).not.toHaveProperty('parentRunId')
  expect(again.forwardedProps).toEqual({ agent: 'auto', parentMessageId: 'root' })
  expect(runInput('t', run(null), options, '').forwardedProps).toEqual({ agent: 'auto' })
})

it('takes new instructions and a confirmed key along', () => {
  const input = runInput('t', { ...run(null), allowKey: true }, options, 'In rhymes.')
  expect(input.forwardedProps).toMatchObject({ instructions: 'In rhymes.', allowKey: true })
})

it('measures a text as it is sent, in bytes', () => {
  expect(excessBytes('x'.repeat(59_000), '')).toBeLessThan(0)
  expect(excessBytes('ü'.repeat(31_000), '')).toBeGreaterThan(0)
  expect(excessBytes('x'.repeat(59_000), 'y'.repeat(2_000))).toBeGreaterThan(0)
})
