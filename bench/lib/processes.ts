import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'

export type Running = { pid: number; stop: (signal?: NodeJS.Signals) => Promise<void> }

const started = new Set<ChildProcess>()
// whatever ends the run, nothing of it stays behind
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** A child whose output goes nowhere but into the error of a failed start. Resolves when `ready` says so. */
export const start = async (
  file: string,
  args: string[],
  env: Record<string, string>,
  ready: (output: string) => Promise<boolean> | boolean,
  options: { uid?: number; gid?: number; cwd?: string } = {},
): Promise<Running> => {
  const own = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', HOME: process.env.HOME ?? '/' }
  const child = spawn(file, args, { ...options, env: { ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-4_000)
    })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const hard = setTimeout(() => child.kill('SIGKILL'), 20_000)
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
    clearTimeout(hard)
    started.delete(child)
  }
  const giveUp = Date.now() + 60_000
  while (!(await ready(output))) {
    if (child.exitCode !== null || child.pid === undefined || Date.now() > giveUp)
      throw new Error(`${file} did not start: ${output}`)
    await pause(10)
  }
  return { pid: child.pid as number, stop }
}
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
