import type { Thinking, Tool } from './agents'

export interface TokenPair {
  access: string
  refresh: string
}

export interface Config {
  emulated: boolean
  registration: boolean
  version: string
  /** The most one file may have; a server that does not say takes 20 MiB. */
  upload_max_bytes?: number
}

/** What somebody else did to the account. */
export interface AccountNotice {
  id: number
  at: string
  message: string
}

export interface Profile {
  id: number | string
  username: string
  email: string
  ai_model: string
  /** Why the usual model is another one than was chosen, if it is. */
  ai_model_note?: string | null
  selected_api_key: string | null
  fallback_keys: string[]
  tools: Tool[]
  thinking: Thinking
  voice: string
  warn_above_tokens: number | null
  /** The user's own, for every conversation. */
  instructions: string
  notices: AccountNotice[]
}

export type KeyStatus =
  'active' | 'unverified' | 'invalid' | 'blocked' | 'limited' | 'quota' | 'expired' | 'unreadable'

/** Limits by the day and the month; money is US dollars with two decimals. */
export interface Budget {
  daily_tokens: number | null
  monthly_tokens: number | null
  daily_money: string | null
  monthly_money: string | null
}

/** An own key, or a lent one: then `name` is its label, and the limits are those of the loan. */
export interface ApiKey extends Budget {
  id: string
  name: string
  lent: boolean
  tail: string
  is_active: boolean
  selected: boolean
  status: KeyStatus
  status_detail: string
  quota_until: string | null
  expires_at: string | null
  allowed_models: string[]
  verified_at: string | null
  last_used_at: string | null
  last_success_at: string | null
  last_error: { code: string; message: string; at: string } | null
  created_at: string
}

export interface Loan extends Budget {
  id: string
  borrower: string | null
  group: string | null
  label: string
  allowed_models: string[]
  ends_at: string | null
  is_current: boolean
  created_at: string
}

export interface AuditRow {
  at: string
  actor: string
  via: 'api' | 'admin' | 'command' | 'run'
  key: string
  key_name: string
  what: string
  detail: string
}

/** US dollars for a million tokens, as text. */
export interface Price {
  input: string
  output: string
  cached: string | null
}

export interface Model {
  id: string
  /** Google's own name for it. */
  api_id: string
  label: string
  description: string
  default: boolean
  /** Unknown: only Google's list for the key speaks of it. */
  state: 'stable' | 'preview' | 'deprecated' | 'unknown'
  /** The first day without it, if Google announced one. */
  ends_on: string | null
  /** A sentence, if it ends soon. */
  warning: string
  /** Whether keys without billing are refused; null when that is not known. */
  needs_billing: boolean | null
  /** Null: not known. */
  price: Price | null
  coming_price: (Price & { since: string }) | null
  tools: Tool[]
  thinking: Thinking[]
  window_tokens: number
  /** Whether the chosen key lists it; null when that is not known. */
  available: boolean | null
  unavailable_because: '' | 'not_lent' | 'not_listed' | 'billing_required'
}

export interface Thread {
  id: string
  title: string
  created_at: string
  updated_at: string
  running_run: string | null
}

/** A thread by itself; lists leave out what can be long. */
export interface ThreadDetail extends Thread {
  instructions: string
}

export interface ThreadPage {
  results: Thread[]
  next: string | null
}

/** What a message says of a file that goes with it. */
export interface SentFile {
  id: string
  name: string
  mime_type: string
  size_bytes: number
  /** How it is read, where that is not as it is. */
  notice?: string
  /** Why Google cannot use it; empty or missing for most. */
  refused?: string
  /** Where it lies, if not on this server: only Google fetches it. */
  address?: string
  /** Of a part of a video, in seconds. */
  start_s?: number
  end_s?: number
}

export interface StoredFile extends SentFile {
  url: string
  kind: 'uploaded' | 'produced'
  width: number | null
  height: number | null
  thread_id: string | null
  created_at: string
}

export interface FilePage {
  results: StoredFile[]
  next: string | null
  used_bytes: number
  quota_bytes: number
}

export interface StoredMessage {
  id: string
  role: 'user' | 'assistant'
  agent: string
  text: string
  /** The files as they were when they were sent; some may have been deleted since. */
  attachments: SentFile[]
  run_id: string | null
  created_at: string
}

export interface StoredRun {
  id: string
  /** The run whose answer this one continues; null: it opens the conversation. */
  parent_run_id: string | null
  status: string
  outcome: string | null
  error_code: string | null
  error_message: string | null
  model: string
  last_seq: number
  usage: unknown[] | null
  events: unknown[]
}

export interface History {
  thread: ThreadDetail
  messages: StoredMessage[]
  runs: StoredRun[]
  /** Runs whose events are given up to their `last_seq` only: they still run, or are very long. */
  partial_runs?: string[]
  /** The cursor of the page before this one; null: the thread begins here. */
  next?: string | null
}
