import { describe, expect, it } from 'vitest'

import { contentOf } from './content'
import { linksIn } from './links'
import { Links } from './links.svelte'

const VIDEO = 'https://www.youtube.com/watch?v=lCdaVNyHtjU'

describe('links in a message', () => {
  it.each([
    ['https://youtu.be/lCdaVNyHtjU?si=x&t=90', 90],
    ['https://youtube.com/watch?v=lCdaVNyHtjU&t=1m30s', 90],
    ['https://m.youtube.com/watch?app=desktop&v=lCdaVNyHtjU#t=1h2m3s', 3723],
    ['https://www.youtube.com/shorts/lCdaVNyHtjU', null],
    ['(https://www.youtube.com/live/lCdaVNyHtjU).', null],
  ])('are videos with the place where they begin: %s', (text, start) => {
    expect(linksIn(`Watch ${text}`)).toMatchObject([{ address: VIDEO, kind: 'video', start }])
  })

  it('are PDF and pictures by the end of their path, each once', () => {
    const text =
      'See https://example.com/a/bees.PDF?sig=1#page=2, <https://example.com/b.jpg> and https://example.com/b.jpg!'
    expect(linksIn(text).map(({ address, mimeType, name }) => [address, mimeType, name])).toEqual([
      ['https://example.com/a/bees.PDF?sig=1', 'application/pdf', 'bees.PDF'],
      ['https://example.com/b.jpg', 'image/jpeg', 'b.jpg'],
    ])
  })

  it.each([
    'http://example.com/a.pdf',
    'https://localhost/a.pdf',
    'https://127.0.0.1/a.pdf',
    'https://nas.local/a.pdf',
    'https://evil.example/a.png',
    'https://user:pw@example.com/a.pdf',
    'https://example.com:8443/a.pdf',
    'https://example.com/page',
    'https://example.com/film.mp4',
    'https://www.youtube.com/@somebody',
    'https://www.youtube.com/watch?v=short',
    'https://',
  ])('are nothing else: %s', (text) => expect(linksIn(text)).toEqual([]))
})

describe('linked files', () => {
  const of = (text: string) => new Links(() => text)
  const first = (links: Links) => links.list[0]!

  it('go with the message, by address and part', () => {
    const links = of('What is https://youtu.be/lCdaVNyHtjU?t=90 about?')
    expect(links.range(first(links))).toEqual({ from: '1:30', to: '' })
    links.choose(first(links), { to: '2:00' })
    const sent = links.sent
    expect(sent).toEqual([
      {
        ...{ id: `${VIDEO}#t=90,120`, name: 'YouTube video lCdaVNyHtjU', mime_type: 'video/mp4' },
        ...{ size_bytes: 0, address: VIDEO, start_s: 90, end_s: 120 },
      },
    ])
    expect(contentOf('Well?', sent)).toEqual([
      {
        type: 'video',
        source: { type: 'url', value: VIDEO, mimeType: 'video/mp4' },
        metadata: { startOffset: 90, endOffset: 120 },
      },
      { type: 'text', text: 'Well?' },
    ])
  })

  it('can be left plain, and are so again when the message comes back', () => {
    const links = of(`${VIDEO} and https://example.com/a.pdf`)
    links.dismiss(first(links))
    expect(links.sent.map(({ name }) => name)).toEqual(['a.pdf'])
    const sent = links.drain()
    expect(links.list).toHaveLength(2)
    links.restore(`${VIDEO} and https://example.com/a.pdf`, sent)
    expect(links.sent).toEqual(sent)
  })

  it('say what is wrong with a part, and go whole then', () => {
    const links = of(VIDEO)
    links.choose(first(links), { from: 'soon' })
    expect(links.rangeError(first(links))).toContain('like 1:30')
    links.choose(first(links), { from: '2:00', to: '1:00' })
    expect(links.rangeError(first(links))).toContain('after the beginning')
    expect(links.sent[0]).not.toHaveProperty('start_s')
  })
})
