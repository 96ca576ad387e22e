/** The frames of `/chat/stream`. What is inside `event` is AG-UI and read elsewhere. */

import type { Output, Thinking, Tool } from '../api/types'

export type MediaKind = 'image' | 'audio' | 'video' | 'document'

export type ContentPart =
  | { type: 'text'; text: string }
  | {
      type: MediaKind
      source: { type: 'url'; value: string; mimeType: string }
      /** Of a part of a video at an address, in seconds. */
      metadata?: { startOffset?: number; endOffset?: number }
    }

/** How a picture is to be made. */
export interface PictureOptions {
  ratio?: string
  size?: string
}

/** Who speaks, and how a text is read aloud, in words. */
export interface SpeechOptions {
  speakers?: { voice: string }[]
  style?: string
}

/** What is absent is as the profile has it. */
export interface ForwardedProps {
  /** `auto` leaves it to the team, `direct` asks the coordinator alone; else an agent's name. */
  agent: string
  output?: Output
  model?: string
  tools?: Tool[]
  thinking?: Thinking
  voice?: string
  /** The user's own for this conversation, from now on. */
  instructions?: string
  picture?: PictureOptions
  speech?: SpeechOptions
  /** Goes on after the run of this message; `root` begins anew at the start of the thread. */
  parentMessageId?: string
  /** The user confirmed sending a text that looks like a key. */
  allowKey?: boolean
}

export interface RunInput {
  threadId: string
  runId: string
  /** The run to go on after; absent: the newest of the thread. */
  parentRunId?: string
  messages: [{ id: string; role: 'user'; content: string | ContentPart[] }]
  forwardedProps: ForwardedProps
}

export type ClientFrame =
  | { op: 'auth'; token: string }
  | { op: 'run'; ref: string; input: RunInput }
  | { op: 'follow'; runId: string; after: number }
  | { op: 'watch'; threadId: string }
  | { op: 'cancel'; runId: string }
  | { op: 'ack'; runId: string; seq: number }
  | { op: 'ping' }

export type ServerFrame =
  | { op: 'ready'; userId: number | string; expiresAt: string }
  | { op: 'accepted'; ref?: string; runId: string; threadId: string; messageId?: string }
  | { op: 'started'; threadId: string; runId: string }
  | { op: 'event'; runId: string; seq: number; event: unknown }
  | { op: 'resync'; runId: string; reason?: string }
  | { op: 'rejected'; ref?: string; code: string; message: string; retryAfter?: number }
  | { op: 'pong' }

const NEEDS: Record<ServerFrame['op'], Record<string, 'string' | 'number'>> = {
  ready: { expiresAt: 'string' },
  accepted: { runId: 'string', threadId: 'string' },
  started: { runId: 'string', threadId: 'string' },
  event: { runId: 'string', seq: 'number' },
  resync: { runId: 'string' },
  rejected: { code: 'string', message: 'string' },
  pong: {},
}

/** Null for a frame this page does not know; the server may be newer than the page. */
export function parseFrame(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null
  let frame: unknown
  try {
    frame = JSON.parse(data)
  } catch {
    return null
  }
  if (typeof frame !== 'object' || frame === null) return null
  const fields = frame as Record<string, unknown>
  const needs = Object.hasOwn(NEEDS, String(fields.op)) && NEEDS[fields.op as ServerFrame['op']]
  if (!needs) return null
  const whole = Object.entries(needs).every(([name, type]) => typeof fields[name] === type)
  return whole ? (fields as unknown as ServerFrame) : null
}
