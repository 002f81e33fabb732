import { CallRefused } from '@postern/contract'
import { type Given, readArguments, unknown } from './arguments.ts'
import { bootstrap } from './bootstrap.ts'
import { brandGroup } from './brand.ts'
import { bulkGroup } from './bulk.ts'
import { codeGroup } from './code.ts'
import { type Command, type Group, type Status, WrongUse } from './command.ts'
import { eventsGroup } from './events.ts'
import { commandHelp, groupHelp, topHelp } from './help.ts'
import { isReadable, openHttp, originOf, version } from './http.ts'
import { makeIo, type Terminal, type Way } from './io.ts'
import { logGroup } from './log.ts'
import { preflightCommand } from './preflight.ts'
import { purgeScan } from './purge-scan.ts'
import { serveCommand, serveMore } from './serve-command.ts'
import { jsonLine, printable } from './text.ts'
import { tokenGroup } from './token.ts'
import { userGroup } from './user.ts'

/** All commands, in the order of the help. */
export const tree: readonly (Command | Group)[] = [
  serveCommand,
  bootstrap,
  userGroup,
  codeGroup,
  brandGroup,
  bulkGroup,
  tokenGroup,
  eventsGroup,
  logGroup,
  purgeScan,
  preflightCommand,
]
type Found = { name: string; command: Command; rest: string[] } | { name: string; group: Group; rest: string[] } | undefined

/** The whole command line: 0 done, 1 refused or failed, 2 wrong use. */
export const run = async (argv: readonly string[], terminal: Terminal): Promise<Status> => {
  const words = commandFirst(argv)
  try {
    if (words[0] === 'help')
      return await help(
        words.slice(1).filter((word) => !/^(-h|--help)$/.test(word)),
        terminal,
      )
    if (words[0] === '--help' || words[0] === '-h') return await help([], terminal)
    if (words[0] === '--version') {
      await terminal.out(`postern ${version}\n`)
      return 0
    }
    const found = find(words)
    if (!found) {
      terminal.err(topHelp(tree))
      return 2
    }
    if ('group' in found) {
      const asked = found.rest.some((word) => word === '--help' || word === '-h')
      if (asked) await terminal.out(groupHelp(found.group))
      else terminal.err(groupHelp(found.group))
      return asked ? 0 : 2
    }
    return await runCommand(found.name, found.command, found.rest, terminal)
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error
    terminal.err(`postern: ${printable(sentence(error.message))} See "postern --help".\n`)
    return 2
  }
}

/** Options may stand before the command too: they are moved behind it. */
const commandFirst = (argv: readonly string[]): string[] => {
  let at = 0
  while (at < argv.length && /^--(url|token|json)(=|$)/.test(argv[at] as string))
    at += /^--(url|token)$/.test(argv[at] as string) ? 2 : 1
  return [...argv.slice(at), ...argv.slice(0, at)]
}
/** The command or group that the first words name; undefined where there are none. Throws WrongUse. */
const find = (words: readonly string[]): Found => {
  const [first, second] = words
  if (first === undefined) return undefined
  if (first.startsWith('-')) throw unknown('option', first, ['--help', '--version', '--json', '--url', '--token'])
  const found = tree.find((each) => each.name === first)
  if (!found)
    throw unknown(
      'command',
      `"${first}"`,
      tree.map((each) => `"${each.name}"`),
    )
  if ('run' in found) return { name: `postern ${first}`, command: found, rest: words.slice(1) }
  if (second === undefined || second.startsWith('-')) return { name: `postern ${first}`, group: found, rest: words.slice(1) }
  const command = found.commands.find((each) => each.name === second)
  if (!command)
    throw unknown(
      'command',
      `"${first} ${second}"`,
      found.commands.map((each) => `"${first} ${each.name}"`),
    )
  return { name: `postern ${first} ${second}`, command, rest: words.slice(2) }
}
const help = async (words: readonly string[], terminal: Terminal): Promise<Status> => {
  const found = find(words)
  await terminal.out(!found ? topHelp(tree) : 'group' in found ? groupHelp(found.group) : await helpOf(found.name, found.command))
  return 0
}
const helpOf = async (name: string, command: Command): Promise<string> =>
  commandHelp(name, command === serveCommand ? { ...command, more: await serveMore() } : command)

const runCommand = async (name: string, command: Command, rest: readonly string[], terminal: Terminal): Promise<Status> => {
  let json = false
  try {
    const given = readArguments(command, rest)
    json = given.flag('json')
    if (given.flag('help')) {
      await terminal.out(await helpOf(name, command))
      return 0
    }
    let opening: Promise<Way> | undefined
    const way = (): Promise<Way> => {
      opening ??= openWay(name, command, given, terminal)
      return opening
    }
    try {
      return await command.run(makeIo(terminal, way, command, json), given)
    } finally {
      const opened = await opening?.catch(() => undefined)
      await opened?.close()
    }
  } catch (error) {
    return await refuse(error, { name, json, terminal })
  }
}

/** Over HTTP where address and token are given, else on the host. */
const openWay = async (name: string, command: Command, given: Given, terminal: Terminal): Promise<Way> => {
  const url = given.text('url') ?? (terminal.env.POSTERN_URL || undefined)
  const token = given.text('token') ?? (terminal.env.POSTERN_TOKEN || undefined)
  if (command.runs === 'anywhere' && (url !== undefined || token !== undefined)) {
    if (url === undefined) throw new WrongUse('a token without an address; --url (or POSTERN_URL) goes with it')
    if (token === undefined) throw new WrongUse('an address without a token; --token (or POSTERN_TOKEN) goes with it')
    const origin = originOf(url)
    if (isReadable(origin)) terminal.err(`The token goes to ${origin} unencrypted, for whoever listens on the way. Use https.\n`)
    return openHttp(origin, token, terminal.signal)
  }
  if (command.runs === 'host' && terminal.env.POSTERN_URL)
    throw new WrongUse('it runs on the host only, and POSTERN_URL is set; unset it to run it on this host')
  const { openHost } = await import('./host.ts')
  return openHost(terminal, {
    command: name.slice('postern '.length),
    ownEvent: command.ownEvent === true,
    besideServer: command.besideServer === true,
  })
}

type Context = { name: string; json: boolean; terminal: Terminal }
/** One line that says what was wrong, on standard error; with --json a refusal's problem, for machines. */
const refuse = async (error: unknown, { name, json, terminal }: Context): Promise<Status> => {
  const say = (line: string): void => terminal.err(`${name}: ${printable(line)}\n`)
  if (error instanceof WrongUse) {
    say(`${sentence(error.message)} See "${name} --help".`)
    return 2
  }
  if (error instanceof CallRefused) {
    if (json) terminal.err(jsonLine(error.problem))
    else say(wordsOf(error))
    return 1
  }
  const line = await startLine(error)
  if (line === undefined) throw error
  say(line)
  return 1
}
const wordsOf = ({ problem, message }: CallRefused): string => {
  const fields = problem.errors?.map((each) => `${each.path}: ${each.message}`).join('; ')
  const wait = problem.retryAfter === undefined ? '' : ` Try again in ${problem.retryAfter} s.`
  const hint =
    problem.code === 'no-session'
      ? ' The token is unknown, or it was revoked or has expired.'
      : problem.code === 'step-up-required'
        ? ' It asks for a person: do it in the console, or on the host without --url and --token.'
        : ''
  const said = problem.code === 'invalid-request' && fields ? fields : message
  return `${sentence(said)}${hint}${wait} (${problem.code})`
}
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
/** What keeps a start, or a command on the host, from its database, in one line; undefined: a bug. */
const startLine = async (error: unknown): Promise<string | undefined> => {
  const { ConfigError, EmbeddedPostgresError, StartError } = await import('@postern/server')
  if (error instanceof ConfigError || error instanceof StartError || error instanceof EmbeddedPostgresError) return error.message
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || !/^(E[A-Z]{2,}|28|3D|53|57P)/.test(code) || typeof message !== 'string') return undefined
  if (code === 'EADDRINUSE' || code === 'EACCES') return message
  return /^(ECONN|ENOTFOUND|EAI_|ENOENT|ETIMEDOUT|28|3D|53|57P)/.test(code)
    ? `The database cannot be reached: ${message || code}`
    : undefined
}
