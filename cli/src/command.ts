import type { Given } from './arguments.ts'
import type { Io } from './io.ts'

/** 0 done, 1 refused or failed, 2 wrong use. */
export type Status = 0 | 1 | 2

export type Argument = {
  /** As the usage line shows it: `USER`. */
  name: string
  says: string
  /** The field of the contract that it fills, for the line about a wrong one. */
  field?: string
}
export type Option = {
  says: string
  /** What it takes, as the usage line shows it; absent: it is a switch. */
  value?: string
  many?: true
  required?: true
  field?: string
}
export type Command = {
  name: string
  /** One line, for lists. */
  does: string
  /** Paragraphs for its own help, after the options. */
  more?: string
  arguments?: readonly Argument[]
  options?: Readonly<Record<string, Option>>
  /** `anywhere`: over HTTP or on the host; `host`: there alone; `server`: it is the server. */
  runs: 'anywhere' | 'host' | 'server'
  /** On the host its action leaves an event of its own; the others leave `host.command`. */
  ownEvent?: true
  /** On the host it makes sense beside a running server only. */
  besideServer?: true
  run: (io: Io, given: Given) => Promise<Status>
}
export type Group = { name: string; does: string; commands: readonly Command[] }

/** It was asked for in a way that cannot be: one line that names what was wrong and what would be right. */
export class WrongUse extends Error {}

/** Options that every command takes beside its own. */
const commonOptions = (command: Command): Record<string, Option> => ({
  ...(command.runs === 'anywhere'
    ? {
        url: { value: 'ORIGIN', says: 'send the command to the server at ORIGIN, with --token [$POSTERN_URL]' },
        token: { value: 'TOKEN', says: 'a service token, pst_… [$POSTERN_TOKEN]' },
      }
    : {}),
  json: { says: 'answer in JSON' },
  help: { says: 'show this text' },
})
export const optionsOf = (command: Command): Record<string, Option> => ({ ...command.options, ...commonOptions(command) })
