import { run } from './run.ts'

/** The command line of this process, and the only reader of process.env. A second Ctrl-C ends it at once. */
export const main = async (argv: string[]): Promise<number> => {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  // whoever read our output went away (`| head`): nothing is left to say; a server goes on without
  process.stdout.on('error', () => argv.includes('serve') || stop.abort())
  process.stderr.on('error', () => undefined)
  return run(argv, {
    env: process.env,
    out: (text) =>
      new Promise((resolve) => {
        if (process.stdout.write(text) || stop.signal.aborted) resolve()
        else {
          process.stdout.once('drain', resolve)
          stop.signal.addEventListener('abort', () => resolve(), { once: true })
        }
      }),
    err: (text) => void process.stderr.write(text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    signal: stop.signal,
  })
}
