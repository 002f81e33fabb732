import { globSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { buildWeb } from '../scripts/build-web.ts'
import { postgresPrograms, startCluster } from './support/cluster.ts'
import { requirePackages } from './support/packages.ts'

const root = join(import.meta.dirname, '..')
/** Milliseconds. The longest takes five minutes on two quiet cores; one that hangs must not take the whole run with it. */
const longestFile = 30 * 60_000
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

/** `npm test [-- FILE…]`: everything, or the files named. `--soak`: the long run of kills. */
const main = async (): Promise<number> => {
  requirePackages(programs, postgresPrograms() ? [] : ['postgresql'])
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
    // for the processes that run the files
    process.env.POSTERN_TEST_CLUSTER = cluster.url
    if (soak) process.env.POSTERN_TEST_SOAK = '1'
    const tests = run({
      files,
      cwd: root,
      concurrency: 2,
      // after a failure something may be left open: the file ends all the same
      forceExit: true,
      timeout: soak ? Number.POSITIVE_INFINITY : longestFile,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    let sum: { counts: { passed: number; skipped: number; todo: number; tests: number }; success: boolean } | undefined
    // each file has a summary too
    tests.on('test:summary', (summary) => {
      if (summary.file === undefined) sum = summary
    })
    const shown = tests.compose(new spec())
    shown.pipe(process.stdout, { end: false })
    await finished(shown)
    const { passed = 0, skipped = 0, todo = 0, tests: all = 0 } = sum?.counts ?? {}
    const failed = all - passed - skipped - todo
    const left = skipped + todo
    process.stdout.write(`\n${passed} passed, ${failed} failed${left > 0 ? `, ${left} skipped` : ''}\n`)
    // a test that skips is red; vectors that are not there say so in their own line and do not skip
    return sum?.success === true && failed + left === 0 && passed > 0 ? 0 : 1
  } finally {
    await cluster.stop()
  }
}
process.exitCode = await main()
