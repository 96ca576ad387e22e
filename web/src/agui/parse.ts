import { isFileUrl } from '../api/files'
import type { Account, Activity, AgEvent, ResultPart, Source, Support, TokenUsage } from './frames'

export type Parsed =
  | { kind: 'event'; event: AgEvent }
  | { kind: 'unknown'; type: string }
  | { kind: 'malformed'; type: string; field: string }

type Fields = Record<string, unknown>

class Malformed extends Error {
  constructor(readonly field: string) {
    super(`wrong value in ${field}`)
  }
}

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

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new Malformed(name)
  return value
}

function id(fields: Fields, name: string): string {
  const value = text(fields, name)
  if (value === '') throw new Malformed(name)
  return value
}

/** A known optional field may be absent, but not of another type. */
function optional<T>(fields: Fields, name: string, read: (f: Fields, n: string) => T) {
  return fields[name] === undefined ? undefined : read(fields, name)
}

function list(fields: Fields, name: string): unknown[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw new Malformed(name)
  return value
}

function record(fields: Fields, name: string): Fields {
  const value = fields[name]
  if (!isFields(value)) throw new Malformed(name)
  return value
}

function count(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(name)
  return value
}

/** Leaves out what is undefined, so that absence stays absence. */
function given<T extends Record<string, unknown>>(values: T) {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
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
    message: text(raw, 'message'),
    code: optional(raw, 'code', text) ?? 'internal',
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
    code: optional(raw, 'code', text) ?? 'internal',
    message: text(raw, 'message'),
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

function fileUrl(fields: Fields, name: string): string {
  const value = text(fields, name)
  if (!isFileUrl(value)) throw new Malformed(name)
  return value
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

const activities: Record<string, (content: Fields) => Activity> = {
  artifact: (content) => ({
    activityType: 'artifact',
    content: {
      url: fileUrl(content, 'url'),
      mimeType: text(content, 'mimeType'),
      name: optional(content, 'name', text) ?? 'file',
    },
  }),
  code: (content) => ({
    activityType: 'code',
    content: {
      language: optional(content, 'language', text) ?? '',
      code: text(content, 'code'),
      ...given({
        outcome: optional(content, 'outcome', text),
        output: optional(content, 'output', text),
      }),
    },
  }),
  key: (content) => ({
    activityType: 'key',
    content: {
      from: text(content, 'from'),
      to: text(content, 'to'),
      reason: text(content, 'reason'),
    },
  }),
  sources: (content) => ({
    activityType: 'sources',
    content: {
      queries: (optional(content, 'queries', list) ?? []).map(String),
      sources: (optional(content, 'sources', list) ?? []).map(source),
      supports: (optional(content, 'supports', list) ?? []).map(support),
    },
  }),
}

function source(value: unknown): Source {
  if (!isFields(value)) throw new Malformed('sources')
  const uri = text(value, 'uri')
  return { uri, title: optional(value, 'title', text) ?? uri }
}

function support(value: unknown): Support {
  if (!isFields(value)) throw new Malformed('supports')
  return {
    start: count(value, 'start'),
    end: count(value, 'end'),
    sources: list(value, 'sources').map(Number),
  }
}
