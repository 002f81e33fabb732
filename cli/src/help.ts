import { type Command, type Group, type Option, optionsOf } from './command.ts'

const indent = '    '
const table = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, says]) => `${indent}${name.padEnd(width)}   ${says}`).join('\n')
}
const optionRow = ([name, { value, says, many }]: [string, Option]): [string, string] => [
  `${name === 'help' ? '-h, ' : ''}--${name}${value ? ` ${value}` : ''}`,
  `${says}${many ? '; may be given more than once' : ''}`,
]

/** `postern code revoke ID --reason TEXT [--results]` */
const usageOf = (name: string, command: Command): string => {
  const words = (command.arguments ?? []).map((each) => each.name)
  const options = Object.entries(command.options ?? {}).map(([option, { value, many, required }]) => {
    const word = `--${option}${value ? ` ${value}` : ''}`
    return `${required ? word : `[${word}]`}${many ? '...' : ''}`
  })
  // those that all commands take stand in the table alone
  return wrapped([name, ...words, ...options, '[--json]'])
}
/** Words on lines of 100 columns; those after the first are set in. */
const wrapped = (words: readonly string[]): string => {
  const lines = ['']
  for (const word of words) {
    const line = lines.at(-1) as string
    if (line.length + word.length < 96) lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
    else lines.push(`${indent}${word}`)
  }
  return lines.join(`\n${indent}`)
}

export const commandHelp = (name: string, command: Command): string => {
  const parts = [`Usage:\n${indent}${usageOf(name, command)}`, `${command.does}.`]
  if (command.arguments?.length) parts.push(`Arguments:\n${table(command.arguments.map((each) => [each.name, each.says]))}`)
  parts.push(`Options:\n${table(Object.entries(optionsOf(command)).map(optionRow))}`)
  if (command.more) parts.push(command.more)
  return `${parts.join('\n\n')}\n`
}

export const groupHelp = (group: Group): string => `Usage:
${indent}postern ${group.name} COMMAND [ARGUMENT]... [OPTION]...

${group.does}.

Commands:
${table(group.commands.map((each) => [each.name, each.does]))}

"postern ${group.name} COMMAND --help" says more of each.
`

export const topHelp = (tree: readonly (Command | Group)[]): string => {
  const rows = tree.flatMap((each): [string, string][] =>
    'run' in each ? [[each.name, each.does]] : each.commands.map((command) => [`${each.name} ${command.name}`, command.does]),
  )
  return `Usage:
${indent}postern COMMAND [ARGUMENT]... [OPTION]...
${indent}postern help [COMMAND]

Postern lets people sign in with a phone: on your own server, each attempt on record.

Commands:
${table(rows)}

Options:
${table([
  ['--url ORIGIN', 'send the command to the server at ORIGIN, with --token [$POSTERN_URL]'],
  ['--token TOKEN', 'a service token, pst_… [$POSTERN_TOKEN]'],
  ['--json', 'answer in JSON'],
  ['-h, --help', 'show this text, or that of the command before it'],
  ['--version', 'show the version'],
])}

Without --url and --token a command works on this host: on the database of the
settings ("postern serve --help" lists them), beside a running server or not.
It needs to read the master key, so whoever may run it is trusted with all;
each use is on record, under the name host:USER.

The answer goes to standard output, everything else to standard error. The
exit status is 0 when it is done, 1 when it was refused or failed, 2 when it
was asked for wrongly.

Example:
    $ postern user create ada --name "Ada Lovelace"
    $ postern user enrol ada
    $ postern events tail
`
}
