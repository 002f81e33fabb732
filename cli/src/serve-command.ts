import type { Command } from './command.ts'

/** What `postern serve` takes; it loads the server only when it runs. */
export const serveCommand: Command = {
  name: 'serve',
  does: 'Run the server: web apps, API and, without DATABASE_URL, a database',
  options: {
    'accept-new-rp-id': { says: 'start although the host name of POSTERN_ORIGIN changed; passkeys of the old name are given up' },
  },
  runs: 'server',
  run: async (io, given) => {
    const { serve } = await import('./serve.ts')
    return serve(io.terminal, { acceptNewRpId: given.flag('accept-new-rp-id'), json: io.json })
  },
}

/** Its paragraphs after the options: the settings, as the server's own table has them. */
export const serveMore = async (): Promise<string> => {
  const { settingsTable } = await import('@postern/server')
  const table = settingsTable()
  const width = Math.max(...table.map(({ name }) => name.length))
  const rows = table.map(
    ({ name, default: standard, takes }) => `    ${name.padEnd(width)}   ${takes}${standard ? ` [${standard}]` : ''}`,
  )
  return `Where nobody operates this Postern yet, it prints a link that enrols the first operator.
SIGTERM or Ctrl-C drains: no request in flight is dropped.

Settings (environment variables, all optional):
${rows.join('\n')}`
}
