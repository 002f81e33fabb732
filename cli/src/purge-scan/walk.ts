import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

export type Walked = { path: string } | { failed: string; why: string } | { link: string }
/** Every file below a folder, in the order of names. Links are named, never followed: no loop, and nothing outside. */
export async function* filesBelow(folder: string): AsyncGenerator<Walked> {
  const waiting = [folder]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const here = next
    const entries = await readdir(here, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => error)
    if (entries instanceof Error) {
      yield { failed: here, why: `the folder cannot be read (${entries.code ?? entries.message})` }
      continue
    }
    const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of sorted) {
      const path = join(here, entry.name)
      if (entry.isFile()) yield { path }
      else if (entry.isSymbolicLink()) yield { link: path }
    }
    waiting.push(
      ...sorted
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(here, name))
        .toReversed(),
    )
  }
}
