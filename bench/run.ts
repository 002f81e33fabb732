import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { startCluster } from './lib/cluster.ts'
import type { Figure, Row } from './lib/figure.ts'
import { Generator } from './lib/load.ts'

// npm run bench -- [figure…]: ratios, each taken in one run on one PostgreSQL. Exit status 1 where a goal is missed.
const figures: Record<string, () => Promise<Figure>> = {
  passcode: async () => (await import('./figures/passcode.ts')).passcode,
  session: async () => (await import('./figures/session.ts')).session,
  approvals: async () => (await import('./figures/approvals.ts')).approvals,
  touch: async () => (await import('./figures/touch.ts')).touch,
  exactness: async () => (await import('./figures/exactness.ts')).exactness,
  symbols: async () => (await import('./figures/symbols.ts')).symbols,
  redirect: async () => (await import('./figures/redirect.ts')).redirect,
  analytics: async () => (await import('./figures/analytics.ts')).analytics,
  codes: async () => (await import('./figures/codes.ts')).codes,
  zip: async () => (await import('./figures/zip.ts')).zip,
  rest: async () => (await import('./figures/rest.ts')).rest,
}
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** The peers have a package file and a lock of their own: the product's knows nothing of them. */
const installPeers = (): void => {
  const folder = join(import.meta.dirname, 'peers')
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  const locked = JSON.parse(read(join(folder, 'package-lock.json'))) as { packages: Record<string, { version?: string }> }
  const installed = read(join(folder, 'node_modules/.package-lock.json'))
  const has = installed === '' ? {} : (JSON.parse(installed) as typeof locked).packages
  if (Object.entries(locked.packages).every(([name, { version }]) => name === '' || has[name]?.version === version)) return
  say('Installing the peers (npm ci --prefix bench/peers)…')
  execFileSync('npm', ['ci', '--prefix', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
}

const machine = (postgres: string): string => {
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0]?.toFixed(1)
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC · ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown processor'} · ${memory} GiB · Linux ${release()} · Node ${process.versions.node} · PostgreSQL ${postgres} (fsync and synchronous_commit on) · load before the run ${load}`
}

const table = (rows: readonly Row[]): string => {
  const lines = [
    ['figure', 'ours', 'reference', 'ratio', 'goal', 'met'],
    ...rows.map(({ figure, ours, reference, ratio, goal, met }) => [figure, ours, reference, ratio, goal, met ? 'yes' : 'NO']),
  ]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...lines.map((line) => (line[column] as string).length)))
  const shown = lines.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`)
  return [shown[0], `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...shown.slice(1)].join('\n')
}

// what a run leaves behind goes with it: each folder and child has a listener of its own
process.setMaxListeners(0)
const asked = process.argv.slice(2)
const unknown = asked.find((name) => !(name in figures))
if (unknown !== undefined) {
  say(`There is no figure ${unknown}. There are: ${Object.keys(figures).join(', ')}.`)
  process.exit(2)
}
installPeers()
const began = performance.now()
const cluster = await startCluster()
const generator = new Generator()
const rows: Row[] = []
try {
  say(machine(cluster.version))
  for (const name of asked.length > 0 ? asked : Object.keys(figures)) {
    say(`${name}…`)
    const figure = await (figures[name] as () => Promise<Figure>)()
    const measured = await figure({ cluster, generator })
    for (const each of measured) say(`  ${each.figure}: ${[each.ours, each.reference, each.ratio].filter(Boolean).join(' · ')}`)
    rows.push(...measured)
  }
  say(
    `\n${table(rows)}\n\nMedians, of 3 rounds where no other number is said; ${Math.round((performance.now() - began) / 1_000)} s in all. Only the ratios of one run mean anything.`,
  )
} finally {
  generator.stop()
  await cluster.stop()
}
process.exit(rows.every(({ met }) => met) ? 0 : 1)
