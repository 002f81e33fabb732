import { parseArgs } from 'node:util'
import { type Command, type Option, optionsOf, WrongUse } from './command.ts'

/** What was given to a command, checked against what it takes. */
export type Given = {
  /** The argument of this name; the command demands it. */
  argument: (name: string) => string
  text: (option: string) => string | undefined
  all: (option: string) => string[]
  flag: (option: string) => boolean
}

/** Reads the words after the command's name. Throws WrongUse. */
export const readArguments = (command: Command, words: readonly string[]): Given => {
  const options = optionsOf(command)
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(Object.entries(options).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' }])),
      help: { type: 'boolean', short: 'h' },
    },
  })
  const texts = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (!option)
      throw unknown(
        'option',
        token.rawName,
        Object.keys(options).map((name) => `--${name}`),
      )
    texts.set(token.name, [...(texts.get(token.name) ?? []), optionValue(token, option)])
    if (!option.many && (texts.get(token.name)?.length ?? 0) > 1)
      throw new WrongUse(`${token.rawName} is given twice; it takes one`)
  }
  const given: Given = {
    argument: (name) => positionals[(command.arguments ?? []).findIndex((each) => each.name === name)] ?? '',
    text: (option) => texts.get(option)?.[0],
    all: (option) => texts.get(option) ?? [],
    flag: (option) => texts.has(option),
  }
  if (!given.flag('help')) requireAll(command, positionals, given)
  return given
}

type OptionToken = { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined }
const optionValue = ({ rawName, value, inlineValue }: OptionToken, option: Option): string => {
  if (!option.value) {
    if (value !== undefined) throw new WrongUse(`${rawName} takes no value`)
    return ''
  }
  if (value === undefined || value === '') throw new WrongUse(`${rawName} needs a value: ${rawName} ${option.value}`)
  // the next option was meant, more likely than a value
  if (!inlineValue && /^-\D/.test(value))
    throw new WrongUse(`${rawName} needs a value, not ${value}; if that is the value, write ${rawName}=${value}`)
  return value
}

const requireAll = (command: Command, positionals: readonly string[], given: Given): void => {
  const wanted = command.arguments ?? []
  const missing = wanted[positionals.length]
  if (missing) throw new WrongUse(`${missing.name} is missing: ${missing.says}`)
  const extra = positionals[wanted.length]
  if (extra !== undefined)
    throw new WrongUse(`"${extra}" is too much; it takes ${wanted.map(({ name }) => name).join(' ') || 'no argument'}`)
  for (const [name, { required, value }] of Object.entries(command.options ?? {}))
    if (required && !given.flag(name)) throw new WrongUse(`--${name} ${value} is missing`)
}

/** `unknown option --nmae; did you mean --name?` */
export const unknown = (what: string, given: string, known: readonly string[]): WrongUse => {
  const [nearest] = known
    .map((name) => ({ name, steps: distance(given, name) }))
    .filter(({ name, steps }) => steps <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.steps - b.steps)
  return new WrongUse(`unknown ${what} ${given}${nearest ? `; did you mean ${nearest.name}?` : ''}`)
}

/** Levenshtein's: single characters put in, left out or replaced. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      )
    row = next
  }
  return row[b.length] as number
}

const minutesOf = { m: 1, h: 60, d: 1_440 } as const
/** `10m`, `24h` or `14d` in minutes. Throws WrongUse. */
export const minutesIn = (option: string, text: string): number => {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (!count || !unit) throw new WrongUse(`--${option} is ${text}; it takes a time like 10m, 24h or 14d`)
  return Number(count) * minutesOf[unit as keyof typeof minutesOf]
}
/** An instant: `90d` from now, or `2027-01-31T12:00Z`. A time without a zone is of this machine's. Throws WrongUse. */
export const instantIn = (option: string, text: string): string => {
  if (/^\d{1,6}[mhd]$/.test(text)) return new Date(Date.now() + minutesIn(option, text) * 60_000).toISOString()
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw new WrongUse(`--${option} is ${text}; it takes a time like 90d or 2027-01-31T12:00Z`)
  return new Date(at).toISOString()
}
/** `90d` in days. Throws WrongUse. */
export const daysIn = (option: string, text: string): number => {
  const [, count] = /^(\d{1,4})d$/.exec(text) ?? []
  if (!count) throw new WrongUse(`--${option} is ${text}; it takes days, like 90d`)
  return Number(count)
}
/** A whole number of at least `least`. Throws WrongUse. */
export const wholeIn = (option: string, text: string, least: number): number => {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least)) throw new WrongUse(`--${option} is ${text}; it takes a whole number of at least ${least}`)
  return value
}
/** One of the words. Throws WrongUse. */
export const oneOf = <T extends string>(option: string, text: string, words: readonly T[]): T => {
  const found = words.find((word) => word === text)
  if (!found) throw new WrongUse(`--${option} is ${text}; it takes ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
  return found
}
