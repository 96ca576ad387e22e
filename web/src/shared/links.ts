const SCHEMES = new Set(['http:', 'https:', 'mailto:'])

export interface SafeLink {
  href: string
  /** Shown on hover, so that a link cannot pretend to lead elsewhere. */
  host: string
}

/** Null for what a model must not make clickable: scripts, data, files and addresses of this page. */
export function safeLink(href: string): SafeLink | null {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(href)) return null
  let url: URL
  try {
    url = new URL(href)
  } catch {
    return null
  }
  if (!SCHEMES.has(url.protocol)) return null
  return { href: url.href, host: url.protocol === 'mailto:' ? url.pathname : url.host }
}
