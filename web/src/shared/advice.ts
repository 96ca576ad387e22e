export interface Advice {
  label: string
  href: string
}

const KEYS: Record<string, string> = {
  no_key: 'Add a key',
  key_not_found: 'Choose a key',
  key_inactive: 'Choose a key',
  key_expired: 'Replace the key',
  key_unreadable: 'Enter the key again',
  loan_ended: 'Choose a key',
  invalid_key: 'Check the key',
  key_type: 'Replace the key',
  key_blocked: 'Check the key',
  key_restricted: 'Use another key',
  api_disabled: 'Use another key',
  region: 'Use another key',
  billing: 'Use another key',
  quota: 'Use another key',
  budget: 'See your keys',
  budget_used_up: 'See your keys',
  key_deleted: 'Choose a key',
  model_not_lent: 'Choose a key',
  limit_reached: 'See your keys',
}

const SETTINGS: Record<string, string> = {
  model_gone: 'Choose another model',
  model_not_available: 'Choose another model',
  model_forbidden: 'Choose another model',
  billing_required: 'Choose another model',
  tools_refused: 'Choose another model',
  storage_full: 'See your files',
}

/** Where an error can be mended, when that is on this page. */
export function advice(code: string): Advice | null {
  if (SETTINGS[code] !== undefined) return { label: SETTINGS[code], href: '#/settings' }
  const label = KEYS[code]
  return label === undefined ? null : { label, href: '#/keys' }
}

const AT_GOOGLE: Record<string, string> = {
  invalid_key: 'Your keys at Google',
  key_type: 'Make a new key at Google',
  key_blocked: 'Your keys at Google',
  key_restricted: 'Change its restrictions at Google',
  api_disabled: 'Enable the API at Google',
  billing: 'Add credit at Google',
  billing_required: 'Set up billing at Google',
}

/** What there is to do on the page of Google's that an error names. */
export const googleLabel = (code: string): string => AT_GOOGLE[code] ?? 'Look into it at Google'

const FINAL = new Set([
  ...[
    'blocked',
    'recitation',
    'language',
    'bad_request',
    'too_long',
    'too_large',
    'unreadable',
    'budget',
  ],
  ...['billing', 'billing_required', 'region', 'key_type', 'key_restricted', 'api_disabled'],
  ...['model_gone', 'model_forbidden', 'file_refused', 'tools_refused'],
])

/** Whether the same words may well succeed the next time. */
export function isRetryable(code: string): boolean {
  return !FINAL.has(code)
}
