import { isFileUrl } from '../api/paths'

/** Readers of single fields of the wire: each gives the value or throws `Malformed`. */
export type Fields = Record<string, unknown>

export class Malformed extends Error {
  constructor(readonly field: string) {
    super(`wrong value in ${field}`)
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new Malformed(name)
  return value
}

export function id(fields: Fields, name: string): string {
  const value = text(fields, name)
  if (value === '') throw new Malformed(name)
  return value
}

/** A known optional field may be absent, but not of another type. */
export function optional<T>(fields: Fields, name: string, read: (f: Fields, n: string) => T) {
  return fields[name] === undefined ? undefined : read(fields, name)
}

export function list(fields: Fields, name: string): unknown[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw new Malformed(name)
  return value
}

export function record(fields: Fields, name: string): Fields {
  const value = fields[name]
  if (!isFields(value)) throw new Malformed(name)
  return value
}

export function count(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(name)
  return value
}

/** Leaves out what is undefined, so that absence stays absence. */
export function given<T extends Record<string, unknown>>(values: T) {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

export function fileUrl(fields: Fields, name: string): string {
  const value = text(fields, name)
  if (!isFileUrl(value)) throw new Malformed(name)
  return value
}
