import type { ForwardedProps, RunInput } from '../agent/wire'
import { contentOf } from '../composer/content'
import { uuid } from '../shared/ids'
import type { Run } from './run.svelte'

/** Room for the rest of the frame, of which the server takes 64 KiB. */
const PROMPT_MAX_BYTES = 60_000

/** By how many bytes a text, with the instructions that go along, is too long; not above 0 if it fits. */
export function excessBytes(text: string, instructions: string): number {
  return new TextEncoder().encode(JSON.stringify([text, instructions])).length - PROMPT_MAX_BYTES
}

/**
 * A run as it is sent.
 *
 * `newInstructions` go along with the first run of a thread, which has nothing to continue; null for
 * every other run.
 */
export function runInput(
  threadId: string,
  run: Pick<Run, 'runId' | 'parentRunId' | 'prompt' | 'attachments' | 'allowKey'>,
  options: ForwardedProps,
  newInstructions: string | null,
): RunInput {
  const { runId, parentRunId } = run
  const startsAnew = parentRunId === null && newInstructions === null
  return {
    threadId,
    runId,
    ...(parentRunId === null ? {} : { parentRunId }),
    messages: [{ id: uuid(), role: 'user', content: contentOf(run.prompt ?? '', run.attachments) }],
    forwardedProps: {
      ...options,
      ...(startsAnew ? { parentMessageId: 'root' } : {}),
      ...(newInstructions ? { instructions: newInstructions } : {}),
      ...(run.allowKey ? { allowKey: true } : {}),
    },
  }
}
