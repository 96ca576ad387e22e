/** The AG-UI 1.0 events this page understands, and what it makes of them. */

interface InLane {
  /** Absent: the coordinator speaks. */
  subagentRunId?: string
}

interface OfMessage extends InLane {
  messageId: string
}

export interface TokenUsage {
  provider?: string
  model?: string
  inputTokens?: number
  outputTokens?: number
  totalTokens?: number
  reasoningTokens?: number
  cachedInputTokens?: number
}

/** What a run used, call by call; `price` is missing where it is not known. */
export interface Account {
  key?: { id: string; name: string }
  calls: { agent: string; model: string; totalTokens: number; price?: number }[]
}

export interface Source {
  title: string
  uri: string
  /** A place of Google Maps, which has to be named as one. */
  ofMaps?: true
}

/** What backs a piece of a message: `start` and `end` count UTF-16 code units of its whole text. */
export interface Support {
  messageId: string
  start: number
  end: number
  /** Places in the list of sources. */
  sources: number[]
}

/** A page the model read, or tried to. */
export interface PageRead {
  uri: string
  ok: boolean
}

interface Grounding {
  queries: string[]
  sources: Source[]
  supports: Support[]
  pages: PageRead[]
  /** Google's search suggestions: an HTML file, shown in a frame. */
  suggestions?: string
}

interface ToolUse {
  name: string
  arguments: Record<string, unknown>
  result?: string
  error?: string
}

/** The oldest exchanges were not sent to the model, for they no longer fit. */
interface Trimmed {
  leftOut: number
  windowTokens: number
}

export interface Failure {
  code: string
  message: string
  /** Seconds until it is worth trying again. */
  retryAfter?: number
  /** A model that may well answer now. */
  tryModel?: string
  /** The page at Google where it can be mended. */
  help?: string
  /** Ids of files that Google cannot use. */
  files?: string[]
}

export type Activity =
  | { activityType: 'artifact'; content: { url: string; mimeType: string; name: string } }
  | {
      activityType: 'code'
      content: { language: string; code: string; outcome?: string; output?: string }
    }
  | { activityType: 'sources'; content: Grounding }
  | { activityType: 'tool'; content: ToolUse }
  | { activityType: 'history'; content: Trimmed }
  | { activityType: 'key'; content: { from: string; to: string; reason: string } }
  | { activityType: 'notice'; content: { code: string; message: string } }
  | { activityType: 'retry'; content: { code: string; retryAfter: number } }

export type ResultPart =
  { type: 'text'; text: string } | { type: 'media'; url: string; mimeType: string }

export type AgEvent =
  | { type: 'RUN_STARTED'; threadId: string; runId: string }
  | {
      type: 'RUN_FINISHED'
      outcome: 'success' | 'cancelled'
      usage: TokenUsage[]
      cutShort?: string
    }
  | { type: 'RUN_ERROR'; failure: Failure; usage: TokenUsage[] }
  | ({ type: 'TEXT_MESSAGE_START' } & OfMessage)
  | ({ type: 'TEXT_MESSAGE_CONTENT'; delta: string } & OfMessage)
  | ({ type: 'TEXT_MESSAGE_END' } & OfMessage)
  | ({ type: 'REASONING_START' } & OfMessage)
  | ({ type: 'REASONING_MESSAGE_START' } & OfMessage)
  | ({ type: 'REASONING_MESSAGE_CONTENT'; delta: string } & OfMessage)
  | ({ type: 'REASONING_MESSAGE_END' } & OfMessage)
  | ({ type: 'REASONING_END' } & OfMessage)
  | ({ type: 'TOOL_CALL_START'; toolCallId: string; toolCallName: string } & InLane)
  | ({ type: 'TOOL_CALL_ARGS'; toolCallId: string; delta: string } & InLane)
  | ({ type: 'TOOL_CALL_END'; toolCallId: string } & InLane)
  | ({ type: 'TOOL_CALL_RESULT'; toolCallId: string; content: ResultPart[] } & InLane)
  | {
      type: 'SUBAGENT_STARTED'
      subagentRunId: string
      name: string
      description?: string
      parentToolCallId?: string
    }
  | { type: 'SUBAGENT_FINISHED'; subagentRunId: string }
  | { type: 'SUBAGENT_ERROR'; subagentRunId: string; failure: Failure }
  | ({ type: 'ACTIVITY_SNAPSHOT'; activity: Activity } & OfMessage)
  | { type: 'CUSTOM'; name: 'usage'; account: Account }

export interface TextPart {
  kind: 'text'
  id: string
  text: string
  open: boolean
}

export interface ReasoningPart {
  kind: 'reasoning'
  id: string
  text: string
  open: boolean
}

export interface ArtifactPart {
  kind: 'artifact'
  id: string
  url: string
  mimeType: string
  name: string
}

export interface CodePart {
  kind: 'code'
  id: string
  language: string
  code: string
  outcome?: string
  output?: string
}

export interface SourcesPart extends Grounding {
  kind: 'sources'
  id: string
}

/** A tool of the agent's own, and what it gave back once that is known. */
export interface ToolPart extends ToolUse {
  kind: 'tool'
  id: string
}

export interface HistoryPart extends Trimmed {
  kind: 'history'
  id: string
}

/** The run went on with another key, because of `reason`. */
export interface KeyPart {
  kind: 'key'
  id: string
  from: string
  to: string
  reason: string
}

/** Gemini asked to wait so many seconds, because of `code`; then it is asked once more. */
export interface RetryPart {
  kind: 'retry'
  id: string
  code: string
  retryAfter: number
}

/** Google refused the form of the request, and it was made in another one. */
export interface NoticePart {
  kind: 'notice'
  id: string
  code: string
  message: string
}

export type DelegationStatus = 'called' | 'working' | 'done' | 'failed' | 'stopped'

export interface DelegationPart {
  kind: 'delegation'
  /** The tool call that asked for it, or the subagent run when no call is named. */
  id: string
  agent: string
  /** Arguments as they stream in; `task` and `reason` are read from them once whole. */
  args: string
  task: string
  reason: string
  subagentRunId?: string
  status: DelegationStatus
  error?: Failure
  parts: LanePart[]
}

export type LanePart =
  | TextPart
  | ReasoningPart
  | ArtifactPart
  | CodePart
  | SourcesPart
  | KeyPart
  | RetryPart
  | NoticePart
  | ToolPart
  | HistoryPart
export type Part = LanePart | DelegationPart

export type RunStatus = 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'

export interface RunView {
  runId: string
  status: RunStatus
  parts: Part[]
  usage: TokenUsage[]
  account?: Account
  /** Why a finished answer is not whole, such as `max_tokens`. */
  cutShort?: string
  error?: Failure
}
