import { describe, expect, it } from 'vitest'

import { contentOf } from './content'

const file = (id: string, mime_type: string) => ({ id, mime_type, name: id, size_bytes: 1 })

describe('a message', () => {
  it('without files is plain text', () => {
    expect(contentOf('Hello', [])).toBe('Hello')
  })

  it('has its files first and the text last', () => {
    expect(
      contentOf('What is this?', [file('a', 'image/png'), file('b', 'application/pdf')]),
    ).toEqual([
      { type: 'image', source: { type: 'url', value: '/api/files/a/', mimeType: 'image/png' } },
      {
        type: 'document',
        source: { type: 'url', value: '/api/files/b/', mimeType: 'application/pdf' },
      },
      { type: 'text', text: 'What is this?' },
    ])
  })

  it('of files alone has no text part', () => {
    expect(contentOf(' ', [file('a', 'audio/wav')])).toEqual([
      { type: 'audio', source: { type: 'url', value: '/api/files/a/', mimeType: 'audio/wav' } },
    ])
  })
})
