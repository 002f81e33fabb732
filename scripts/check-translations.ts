import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../web/src/i18n')
const plural = /_(zero|one|two|few|many|other)$/
type Texts = { [key: string]: string | Texts }
const flat = (texts: Texts, prefix = ''): [string, string][] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`),
  )
const read = (language: string): Map<string, string> =>
  new Map(
    globSync(`${language}/*.json`, { cwd: root }).flatMap((file) =>
      flat(JSON.parse(readFileSync(join(root, file), 'utf8')) as Texts, `${file.split('/').at(-1)?.replace('.json', '')}:`),
    ),
  )
const names = (text: string): string =>
  [...text.matchAll(/{{\s*(\w+)/g)]
    .map((match) => match[1])
    .filter((name) => name !== 'count')
    .sort()
    .join()

/** Every text stands in both languages, with the same placeholders; Polish has its four plural forms. */
const [en, pl] = [read('en'), read('pl')]
const complaints: string[] = []
for (const [key, text] of en) {
  const base = key.replace(plural, '')
  if (plural.test(key)) {
    for (const form of ['one', 'few', 'many', 'other'])
      if (!pl.has(`${base}_${form}`)) complaints.push(`pl lacks ${base}_${form}`)
  } else if (!pl.has(key)) complaints.push(`pl lacks ${key}`)
  else if (names(text) !== names(pl.get(key) as string)) complaints.push(`${key}: placeholders differ`)
}
for (const key of pl.keys())
  if (!en.has(key) && !(plural.test(key) && en.has(`${key.replace(plural, '')}_other`))) complaints.push(`en lacks ${key}`)
if (en.size === 0) complaints.push('no texts found')
if (complaints.length > 0) {
  process.stderr.write(`${[...new Set(complaints)].join('\n')}\n`)
  process.exitCode = 1
}
