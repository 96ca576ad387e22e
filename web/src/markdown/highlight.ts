import type { createLowlight } from 'lowlight'

export type Tree = ReturnType<ReturnType<typeof createLowlight>['highlight']>['children']

const MOST_CHARACTERS = 20_000

let loading: Promise<ReturnType<typeof createLowlight>> | undefined

async function load() {
  const { common, createLowlight: create } = await import('lowlight')
  return create(common)
}

const idle = () =>
  new Promise<void>((resolve) => {
    if (typeof requestIdleCallback === 'function')
      requestIdleCallback(() => resolve(), { timeout: 1000 })
    else setTimeout(resolve, 30)
  })

/** Null when the language is not known or the block is too long to colour without a hitch. */
export async function highlight(text: string, language: string): Promise<Tree | null> {
  if (language === '' || text.length > MOST_CHARACTERS) return null
  loading ??= load()
  const lowlight = await loading.catch(() => {
    loading = undefined
  })
  if (!lowlight?.registered(language)) return null
  await idle()
  return lowlight.highlight(language, text).children
}
