import type { TokenUsage } from '../agui/frames'

export interface TokenPair {
  access: string
  refresh: string
}

export interface Config {
  emulated: boolean
  registration: boolean
  version: string
}

export interface Profile {
  id: number | string
  username: string
  email: string
  ai_model: string
  selected_api_key: string | null
}

export type KeyStatus = 'active' | 'unverified' | 'invalid' | 'blocked' | 'quota' | 'unreadable'

export interface ApiKey {
  id: string
  name: string
  tail: string
  is_active: boolean
  selected: boolean
  status: KeyStatus
  status_detail: string
  verified_at: string | null
  last_used_at: string | null
  created_at: string
}

export interface Model {
  id: string
  label: string
  description: string
  default: boolean
}

export interface Thread {
  id: string
  title: string
  created_at: string
  updated_at: string
  running_run: string | null
}

export interface ThreadPage {
  results: Thread[]
  next: string | null
}

export interface StoredMessage {
  id: string
  role: 'user' | 'assistant'
  agent: string
  text: string
  run_id: string | null
  created_at: string
}

export interface StoredRun {
  id: string
  status: string
  outcome: string | null
  error_code: string | null
  error_message: string | null
  model: string
  last_seq: number
  usage: TokenUsage[] | null
  events: unknown[]
}

export interface History {
  thread: Thread
  messages: StoredMessage[]
  runs: StoredRun[]
}
