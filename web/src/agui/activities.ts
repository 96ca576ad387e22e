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
import type { Activity, PageRead, Source, Support } from './frames'

/** What each type of activity holds; a type that is missing here is skipped. */
export const activities: Record<string, (content: Fields) => Activity> = {
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
  notice: (content) => ({
    activityType: 'notice',
    content: { code: text(content, 'code'), message: text(content, 'message') },
  }),
  retry: (content) => ({
    activityType: 'retry',
    content: { code: text(content, 'code'), retryAfter: count(content, 'retryAfter') },
  }),
  sources: (content) => ({
    activityType: 'sources',
    content: {
      queries: (optional(content, 'queries', list) ?? []).map(String),
      sources: (optional(content, 'sources', list) ?? []).map(source),
      supports: (optional(content, 'supports', list) ?? []).flatMap(support),
      pages: (optional(content, 'pages', list) ?? []).map(page),
      ...given({
        suggestions: optional(content, 'suggestions', (f, n) => fileUrl(record(f, n), 'url')),
      }),
    },
  }),
  tool: (content) => ({
    activityType: 'tool',
    content: {
      name: id(content, 'name'),
      arguments: optional(content, 'arguments', record) ?? {},
      ...given({
        result: optional(content, 'result', text),
        error: optional(content, 'error', text),
      }),
    },
  }),
  history: (content) => ({
    activityType: 'history',
    content: {
      leftOut: count(content, 'leftOut'),
      windowTokens: count(content, 'windowTokens'),
    },
  }),
}

function source(value: unknown): Source {
  if (!isFields(value)) throw new Malformed('sources')
  const uri = text(value, 'uri')
  const title = optional(value, 'title', text) ?? uri
  return optional(value, 'kind', text) === 'maps' ? { uri, title, ofMaps: true } : { uri, title }
}

/** Without a message nobody knows which text is meant: such an item says nothing. */
function support(value: unknown): Support[] {
  if (!isFields(value)) throw new Malformed('supports')
  if (value.messageId === undefined) return []
  return [
    {
      messageId: id(value, 'messageId'),
      start: count(value, 'start'),
      end: count(value, 'end'),
      sources: list(value, 'sources').map(Number),
    },
  ]
}

function page(value: unknown): PageRead {
  if (!isFields(value)) throw new Malformed('pages')
  return { uri: text(value, 'uri'), ok: value.ok === true }
}
