import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Builds the web apps where their sources changed since the last build; nothing built is in git. */
export const buildWeb = (): void => {
  const hash = createHash('sha256')
  const take = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = join(path, entry.name)
      if (entry.isDirectory()) take(full)
      else hash.update(full).update(readFileSync(full))
    }
  }
  take(join(root, 'web/src'))
  take(join(root, 'contract/src'))
  for (const file of ['web/index.html', 'web/phone.html', 'web/vite.config.ts', 'web/package.json', 'package-lock.json'])
    if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)))
  const stamp = join(root, 'web/dist/.stamp')
  const digest = hash.digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  process.stderr.write('Building the web apps…\n')
  execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'web'),
    stdio: ['ignore', 2, 2],
  })
  mkdirSync(join(root, 'web/dist'), { recursive: true })
  writeFileSync(stamp, digest)
}
if (import.meta.main) buildWeb()
