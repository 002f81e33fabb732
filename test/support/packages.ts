import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Programs that are used here, each with the Debian package that brings it: installs what is missing when root, else says what is
 * and how it is installed, and ends the process.
 */
export const requirePackages = (programs: Record<string, string>, others: readonly string[] = []): void => {
  const has = (program: string): boolean =>
    [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, program)))
  const missing = Object.entries(programs)
    .filter(([program]) => !has(program))
    .map(([, name]) => name)
  missing.push(...others)
  if (missing.length === 0) return
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Missing: ${missing.join(', ')}. Install them as root: ${command}\n`)
    process.exit(1)
  }
  process.stderr.write(`Installing: ${missing.join(', ')}\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2], env })
  execFileSync('sh', ['-c', command], { stdio: ['ignore', 'ignore', 2], env })
}
