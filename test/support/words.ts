import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Language = 'en' | 'pl'
const files = new Map<string, Record<string, unknown>>()

/** The words of the web apps in one language, by file and key: `users:move.suspend.ask`. */
export const wordsIn =
  (language: Language) =>
  (key: string, values: Record<string, string | number> = {}): string => {
    const [name, path] = key.split(':') as [string, string]
    const file = join(import.meta.dirname, '../../web/src/i18n', language, `${name}.json`)
    if (!files.has(file)) files.set(file, JSON.parse(readFileSync(file, 'utf8')))
    let at: unknown = files.get(file)
    for (const part of path.split('.')) at = (at as Record<string, unknown> | undefined)?.[part]
    if (typeof at !== 'string') throw new Error(`no words at ${key}`)
    return at
      .replaceAll(/<\/?\d+>/g, '')
      .replaceAll(/\{\{(\w+)(?:, number)?\}\}/g, (_, part: string) => String(values[part] ?? ''))
  }
