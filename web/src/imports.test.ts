import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = import.meta.dirname
const modules = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(ts|svelte)$/.test(name),
)

/** The modules that one imports, types included: for a reader a type is a dependency as well. */
function importsOf(name: string): string[] {
  const source = readFileSync(join(ROOT, name), 'utf8')
  return [...source.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].flatMap(([, path = '']) => {
    const base = relative(ROOT, resolve(ROOT, dirname(name), path))
    return [base, `${base}.ts`].filter((each) => modules.includes(each) && each !== name)
  })
}

it('go in one direction: no module imports itself by way of others', () => {
  const left = new Map(modules.map((name) => [name, importsOf(name)]))
  expect([...left.values()].flat().length).toBeGreaterThan(modules.length)
  // Modules without imports are taken away until none is left; what stays is on a circle or above one.
  for (let size = -1; size !== left.size;) {
    size = left.size
    for (const [name, imports] of left)
      if (!imports.some((each) => left.has(each))) left.delete(name)
  }
  expect([...left.keys()]).toEqual([])
})
