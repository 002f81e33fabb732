import type { CallIn, Endpoint, Out } from '@postern/contract'
import type { Command, Status } from './command.ts'
import { WrongUse } from './command.ts'
import type { Host } from './host.ts'
import { jsonLine, printable } from './text.ts'

/** Where a command runs: what main.ts takes from the process, and tests give otherwise. */
export type Terminal = {
  env: Readonly<Record<string, string | undefined>>
  /** Standard output and standard error; resolve when more may follow. */
  out: (text: string) => Promise<void>
  err: (text: string) => void
  /** Width of the terminal; undefined where standard output is none. */
  columns: number | undefined
  /** SIGINT and SIGTERM abort it. */
  signal: AbortSignal
}
/** One way to the deployment: over HTTP, or on the host. Both answer the same, and throw CallRefused. */
export type Way = {
  call: <E extends Endpoint>(endpoint: E, input: CallIn<E>) => Promise<Out<E>>
  /** What a stream or a file holds, as it comes. */
  stream: <E extends Endpoint>(endpoint: E, input: CallIn<E>) => AsyncIterable<string | Uint8Array>
  /** The origin and token, over HTTP. */
  remote?: { origin: string; token: string }
  /** On the host. */
  host?: Host
  close: () => Promise<void>
}
/** What a command has at hand. */
export type Io = Pick<Way, 'call'> & {
  /** The text of a stream as it comes. */
  stream: <E extends Endpoint>(endpoint: E, input: CallIn<E>) => AsyncIterable<string>
  /** The bytes of a file as they come. */
  bytes: <E extends Endpoint>(endpoint: E, input: CallIn<E>) => AsyncIterable<Uint8Array>
  /** The way, opened by the first that asks: what was asked for wrongly touches no database. */
  way: () => Promise<Way>
  terminal: Terminal
  json: boolean
  /** The answer, on standard output: `value` with --json, `text` without. */
  done: (value: unknown, text: string) => Promise<Status>
  /** The talk, on standard error, a line each. */
  say: (line: string) => void
}

/** Ties a way to the terminal: inputs are checked before anything is sent. */
export const makeIo = (terminal: Terminal, way: () => Promise<Way>, command: Command, json: boolean): Io => ({
  way,
  call: async (endpoint, input) => {
    requireInput(endpoint, input, command)
    return (await way()).call(endpoint, input)
  },
  stream: async function* (endpoint, input) {
    requireInput(endpoint, input, command)
    const decoder = new TextDecoder()
    for await (const chunk of (await way()).stream(endpoint, input))
      yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  },
  bytes: async function* (endpoint, input) {
    requireInput(endpoint, input, command)
    const encoder = new TextEncoder()
    for await (const chunk of (await way()).stream(endpoint, input))
      yield typeof chunk === 'string' ? encoder.encode(chunk) : chunk
  },
  terminal,
  json,
  done: async (value, text) => {
    await terminal.out(json ? jsonLine(value) : text)
    return 0
  },
  say: (line) => terminal.err(`${printable(line)}\n`),
})

/** The contract's own words about a wrong value, under the name that the command line has for it. */
const requireInput = (endpoint: Endpoint, input: unknown, command: Command): void => {
  const parsed = endpoint.input.safeParse(input)
  if (parsed.success) return
  const [issue] = parsed.error.issues
  const field = String(issue?.path[0] ?? '')
  const [name, option] = Object.entries(command.options ?? {}).find(([, each]) => each.field === field) ?? []
  // a time was typed in another unit than the contract counts in
  const words = option?.value === 'TIME' ? option.says : issue?.message
  const named = command.arguments?.find((each) => each.field === field)?.name ?? (name ? `--${name}` : field)
  throw new WrongUse(`${named}: ${words ?? 'is not valid'}`)
}
