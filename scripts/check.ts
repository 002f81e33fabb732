import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules/.bin', name)
const node = (script: string, ...rest: string[]): [string, string[]] => [
  process.execPath,
  ['--disable-warning=ExperimentalWarning', join(root, 'scripts', script), ...rest],
]
/** The quick part: under a minute, before every commit. */
const steps: Record<string, [string, string[]]> = {
  types: [bin('tsc'), ['--noEmit', '-p', 'tsconfig.json']],
  'types of web': [bin('tsc'), ['--noEmit', '-p', 'web']],
  'format and lint': [bin('biome'), ['ci', '--error-on-warnings']],
  'type-aware lint': [bin('oxlint'), ['--type-aware', '--deny-warnings']],
  'unused exports and dependencies': [bin('knip'), []],
  'import directions': node('check-imports.ts'),
  translations: node('check-translations.ts'),
  'generated documents': node('generate.ts', '--check'),
}
const run = ([command, args]: [string, string[]]): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('exit', (code) => resolve({ code: code ?? 1, output }))
  })
const waiting = Object.entries(steps)
const worker = async (): Promise<void> => {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, step] = next
    const startedAt = performance.now()
    const { code, output } = await run(step)
    process.stdout.write(
      `${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)\n${code === 0 ? '' : output}`,
    )
    if (code !== 0) process.exitCode = 1
  }
}
await Promise.all([worker(), worker()])
