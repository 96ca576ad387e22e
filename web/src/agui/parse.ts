import { activities } from './activities'
import {
  count,
  type Fields,
  fileUrl,
  given,
  id,
  isFields,
  list,
  Malformed,
  optional,
  record,
  text,
} from './fields'
import type { Account, AgEvent, Failure, ResultPart, TokenUsage } from './frames'

export type Parsed =
  | { kind: 'event'; event: AgEvent }
  | { kind: 'unknown'; type: string }
  | { kind: 'malformed'; type: string; field: string }

/** Turns one JSON value of the wire into a typed event; never throws. */
export function parseEvent(raw: unknown): Parsed {
  if (!isFields(raw) || typeof raw.type !== 'string') {
    return { kind: 'malformed', type: 'event', field: 'type' }
  }
  const read = readers[raw.type]
  if (!read) return { kind: 'unknown', type: raw.type }
  try {
    const event = read(raw)
    return event ? { kind: 'event', event } : { kind: 'unknown', type: raw.type }
  } catch (error) {
    if (error instanceof Malformed) {
      return { kind: 'malformed', type: raw.type, field: error.field }
    }
    throw error
  }
}

const lane = (raw: Fields) => given({ subagentRunId: optional(raw, 'subagentRunId', id) })
const message = (raw: Fields) => ({ messageId: id(raw, 'messageId'), ...lane(raw) })
const call = (raw: Fields) => ({ toolCallId: id(raw, 'toolCallId'), ...lane(raw) })

const readers: Record<string, (raw: Fields) => AgEvent | null> = {
  RUN_STARTED: (raw) => ({
    type: 'RUN_STARTED',
    threadId: id(raw, 'threadId'),
    runId: id(raw, 'runId'),
  }),
  RUN_FINISHED: runFinished,
  RUN_ERROR: (raw) => ({
    type: 'RUN_ERROR',
    failure: failure(raw),
    usage: usage(raw),
  }),
  TEXT_MESSAGE_START: (raw) => ({ type: 'TEXT_MESSAGE_START', ...message(raw) }),
  TEXT_MESSAGE_CONTENT: (raw) => ({
    type: 'TEXT_MESSAGE_CONTENT',
    delta: text(raw, 'delta'),
    ...message(raw),
  }),
  TEXT_MESSAGE_END: (raw) => ({ type: 'TEXT_MESSAGE_END', ...message(raw) }),
  REASONING_START: (raw) => ({ type: 'REASONING_START', ...message(raw) }),
  REASONING_MESSAGE_START: (raw) => ({ type: 'REASONING_MESSAGE_START', ...message(raw) }),
  REASONING_MESSAGE_CONTENT: (raw) => ({
    type: 'REASONING_MESSAGE_CONTENT',
    delta: text(raw, 'delta'),
    ...message(raw),
  }),
  REASONING_MESSAGE_END: (raw) => ({ type: 'REASONING_MESSAGE_END', ...message(raw) }),
  REASONING_END: (raw) => ({ type: 'REASONING_END', ...message(raw) }),
  TOOL_CALL_START: (raw) => ({
    type: 'TOOL_CALL_START',
    toolCallName: id(raw, 'toolCallName'),
    ...call(raw),
  }),
  TOOL_CALL_ARGS: (raw) => ({ type: 'TOOL_CALL_ARGS', delta: text(raw, 'delta'), ...call(raw) }),
  TOOL_CALL_END: (raw) => ({ type: 'TOOL_CALL_END', ...call(raw) }),
  TOOL_CALL_RESULT: (raw) => ({
    type: 'TOOL_CALL_RESULT',
    content: resultParts(raw),
    ...call(raw),
  }),
  SUBAGENT_STARTED: (raw) => ({
    type: 'SUBAGENT_STARTED',
    subagentRunId: id(raw, 'subagentRunId'),
    name: id(raw, 'name'),
    ...given({
      description: optional(raw, 'description', text),
      parentToolCallId: optional(raw, 'parentToolCallId', id),
    }),
  }),
  SUBAGENT_FINISHED: (raw) => ({
    type: 'SUBAGENT_FINISHED',
    subagentRunId: id(raw, 'subagentRunId'),
  }),
  SUBAGENT_ERROR: (raw) => ({
    type: 'SUBAGENT_ERROR',
    subagentRunId: id(raw, 'subagentRunId'),
    failure: failure(raw),
  }),
  ACTIVITY_SNAPSHOT: (raw) => {
    const read = activities[id(raw, 'activityType')]
    if (!read) return null
    return { type: 'ACTIVITY_SNAPSHOT', activity: read(record(raw, 'content')), ...message(raw) }
  },
  // Custom events of other names are somebody else's.
  CUSTOM: (raw) =>
    id(raw, 'name') === 'usage'
      ? { type: 'CUSTOM', name: 'usage', account: account(record(raw, 'value')) }
      : null,
}

function failure(raw: Fields): Failure {
  return {
    code: optional(raw, 'code', text) ?? 'internal',
    message: text(raw, 'message'),
    ...hints(raw.metadata),
  }
}

/** What an error may link to. */
const GOOGLES = /^https:\/\/(aistudio|console\.cloud)\.google\.com\//

/** `metadata` is free for any producer; a hint that cannot be read must not hide the error. */
function hints(metadata: unknown): Omit<Failure, 'code' | 'message'> {
  if (!isFields(metadata)) return {}
  const { retryAfter, tryModel, help, files } = metadata
  const ids = Array.isArray(files) ? files.filter((id) => typeof id === 'string') : []
  return {
    ...(typeof retryAfter === 'number' && retryAfter > 0 ? { retryAfter } : {}),
    ...(typeof tryModel === 'string' && tryModel !== '' ? { tryModel } : {}),
    ...(typeof help === 'string' && GOOGLES.test(help) ? { help } : {}),
    ...(ids.length > 0 ? { files: ids } : {}),
  }
}

function account(value: Fields): Account {
  const key = optional(value, 'key', record)
  return {
    ...given({ key: key && { id: id(key, 'id'), name: text(key, 'name') } }),
    calls: list(value, 'calls').map((call) => {
      if (!isFields(call)) throw new Malformed('calls')
      const price = optional(call, 'price', text)
      return {
        agent: id(call, 'agent'),
        model: id(call, 'model'),
        totalTokens: count(call, 'totalTokens'),
        ...given({ price: price === undefined ? undefined : amount(price) }),
      }
    }),
  }
}

function amount(price: string): number {
  const value = Number(price)
  if (price.trim() === '' || !Number.isFinite(value)) throw new Malformed('price')
  return value
}

function runFinished(raw: Fields): AgEvent {
  const type = optional(raw, 'outcome', (f, n) => text(record(f, n), 'type')) ?? 'success'
  if (type !== 'success' && type !== 'cancelled') throw new Malformed('outcome')
  return {
    type: 'RUN_FINISHED',
    outcome: type,
    usage: usage(raw),
    ...given({ cutShort: cutShort(raw.result) }),
  }
}

/** `result` is free for any producer, so only our own shape of it is read. */
function cutShort(result: unknown): string | undefined {
  if (!isFields(result) || result.truncated !== true) return undefined
  return typeof result.reason === 'string' ? result.reason : 'truncated'
}

function usage(raw: Fields): TokenUsage[] {
  return (optional(raw, 'usage', list) ?? []).map((entry) => {
    if (!isFields(entry)) throw new Malformed('usage')
    return given({
      provider: optional(entry, 'provider', text),
      model: optional(entry, 'model', text),
      inputTokens: optional(entry, 'inputTokens', count),
      outputTokens: optional(entry, 'outputTokens', count),
      totalTokens: optional(entry, 'totalTokens', count),
      reasoningTokens: optional(entry, 'reasoningTokens', count),
      cachedInputTokens: optional(entry, 'cachedInputTokens', count),
    })
  })
}

const MEDIA = new Set(['image', 'audio', 'video', 'document'])

function resultParts(raw: Fields): ResultPart[] {
  if (typeof raw.content === 'string') return [{ type: 'text', text: raw.content }]
  return list(raw, 'content').flatMap((part): ResultPart[] => {
    if (!isFields(part)) throw new Malformed('content')
    const type = text(part, 'type')
    if (type === 'text') return [{ type, text: text(part, 'text') }]
    if (!MEDIA.has(type)) return []
    const source = record(part, 'source')
    const mimeType = optional(source, 'mimeType', text) ?? 'application/octet-stream'
    return [{ type: 'media', url: fileUrl(source, 'value'), mimeType }]
  })
}
