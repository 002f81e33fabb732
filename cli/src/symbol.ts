import { type SymbolFormat, symbolFormats } from '@postern/contract'
import { type Given, oneOf } from './arguments.ts'
import type { Option } from './command.ts'
import type { Terminal } from './io.ts'
import { printable } from './text.ts'

const renderings = ['blocks', 'ascii', 'address'] as const
type Rendering = (typeof renderings)[number]

export const symbolOption: Record<string, Option> = {
  symbol: {
    value: 'HOW',
    says: 'blocks (UTF-8), ascii or address (no symbol); without it, as the locale allows',
  },
}

/** Files of each symbol in the result of a job. */
export const symbolsOption: Record<string, Option> = {
  symbols: { value: 'FORMAT', says: 'files of each symbol in the result: svg, png, pdf, eps', many: true, field: 'symbols' },
}
export const symbolsIn = (given: Given): { symbols?: SymbolFormat[] } => {
  const symbols = given.all('symbols').map((text) => oneOf('symbols', text, symbolFormats))
  return symbols.length > 0 ? { symbols } : {}
}
/** `--symbol`, judged before anything is issued whose link would be lost. Throws WrongUse. */
export const howOf = (given: Given): Rendering | undefined => {
  const how = given.text('symbol')
  return how === undefined ? undefined : oneOf('symbol', how, renderings)
}
const renderingOf = async (env: Terminal['env']): Promise<Rendering> => {
  const { renderingFor } = await import('@postern/server')
  return renderingFor(env.LC_ALL || env.LC_CTYPE || env.LANG || 'C')
}

/**
 * A link with its symbol, for standard output. Starts with a newline, so that a prompt or a log's line before it spoils
 * nothing. Where the terminal is narrower than the symbol, a wrapped one would read as nothing: the address stays alone.
 */
export const drawnLink = async (
  terminal: Pick<Terminal, 'env' | 'columns'>,
  { url, says, after = '', how }: { url: string; says: string; after?: string; how?: Rendering | undefined },
): Promise<string> => {
  const rendering = how ?? (await renderingOf(terminal.env))
  const symbol = rendering === 'address' ? '' : await drawn(url, rendering, how === undefined ? terminal.columns : undefined)
  return `${symbol}\n${says}\n\n  ${printable(url)}\n${after}\n`
}
const drawn = async (url: string, rendering: 'blocks' | 'ascii', width: number | undefined): Promise<string> => {
  const { symbolText } = await import('@postern/server')
  const symbol = symbolText(url, rendering)
  const needed = Math.max(...symbol.split('\n').map((line) => line.length))
  return width !== undefined && width < needed ? '' : symbol
}

/** An address that only this machine reaches: a phone cannot open it. */
export const localHint = (origin: string): string =>
  /^(localhost|127\.|\[::1\])/.test(new URL(origin).hostname)
    ? '\nA phone cannot open this address: it is of this machine only. Open it in a browser here,\nor set POSTERN_ORIGIN (and POSTERN_LISTEN) to a name that the phone reaches. A TOTP app needs\nnothing of this: it reads the symbol off this screen.\n'
    : ''
