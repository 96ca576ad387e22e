import { Rejected } from '../agent/socket'
import { ApiError } from '../api/client'

export interface Problem {
  code: string
  message: string
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError || error instanceof Rejected) {
    return { code: error.code, message: error.message }
  }
  throw error
}
