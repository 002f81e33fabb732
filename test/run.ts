import { execFileSync, spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { buildWeb } from '../scripts/build-web.ts'
import { postgresPrograms, startCluster } from './support/cluster.ts'

const root = join(import.meta.dirname, '..')
/** Debian packages that the tests use, by the program that shows they are there. */
const programs: Record<string, string> = {
  chromium: 'chromium',
  ffmpeg: 'ffmpeg',
  zbarimg: 'zbar-tools',
  pdftoppm: 'poppler-utils',
  gs: 'ghostscript',
  oathtool: 'oathtool',
  nginx: 'nginx-light',
  certutil: 'libnss3-tools',
  openssl: 'openssl',
  curl: 'curl',
  flock: 'util-linux',
}

/** Installs what is missing when root, else says which and how. */
const requirePackages = (): void => {
  const has = (program: string): boolean =>
    [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, program)))
  const missing = Object.entries(programs)
    .filter(([program]) => !has(program))
    .map(([, name]) => name)
  if (!postgresPrograms()) missing.push('postgresql')
  if (missing.length === 0) return
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Missing for the tests: ${missing.join(', ')}. Install them as root: ${command}\n`)
    process.exit(1)
  }
  process.stderr.write(`Installing for the tests: ${missing.join(', ')}\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2], env })
  execFileSync('sh', ['-c', command], { stdio: ['ignore', 'ignore', 2], env })
}

/** `npm test [-- FILE…]`: everything, or the files named. `--soak`: the long run of kills. */
const main = async (): Promise<number> => {
  requirePackages()
  buildWeb()
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const soak = process.argv.includes('--soak')
  const files = soak
    ? ['test/kills.test.ts']
    : named.length > 0
      ? named
      : globSync(['test/*.test.ts', '{contract,server,cli}/src/**/*.test.ts'], { cwd: root }).sort()
  const cluster = await startCluster()
  try {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, POSTERN_TEST_CLUSTER: cluster.url, ...(soak ? { POSTERN_TEST_SOAK: '1' } : {}) },
      },
    )
    let tail = ''
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk)
      tail = (tail + chunk.toString()).slice(-20_000)
    })
    const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)))
    const count = (what: string): number => Number(new RegExp(`^ℹ ${what} (\\d+)`, 'm').exec(tail)?.[1] ?? 0)
    const [passed, failed, skipped] = [count('pass'), count('fail') + count('cancelled'), count('skipped') + count('todo')]
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    // a test that skips is red; vectors that are not there say so in their own line and do not skip
    return code === 0 && skipped === 0 && passed > 0 ? 0 : 1
  } finally {
    await cluster.stop()
  }
}
process.exitCode = await main()
