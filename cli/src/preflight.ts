import type { CheckResult, Verdict } from '@postern/server'
import { Browser } from './browser.ts'
import type { Command } from './command.ts'
import { openHttp } from './http.ts'
import { printable } from './text.ts'

/** Result, seconds, check; below it what was seen and what mends it. */
const rowOf = (words: string, { result, seconds, detail, mend }: CheckResult): string => {
  const took = result === 'not-tried' ? '' : `${seconds.toFixed(2)} s`
  const row = `${result.replace('-', ' ').padEnd(9)}  ${took.padStart(8)}  ${words}`
  return [row, ...[detail, mend].filter((line) => line !== undefined).map((line) => `${' '.repeat(21)}${line}`)]
    .map((line) => `${printable(line)}\n`)
    .join('')
}
const summaryOf = ({ verdict, works, doesNot, notTried }: Verdict): string => {
  const words = verdict === 'does-not' ? 'It does not work' : notTried > 0 ? 'It works, as far as it was tried' : 'It works'
  return `\n${words}: of ${works + doesNot + notTried} checks ${works} work, ${doesNot} do not, ${notTried} were not tried.\n`
}

export const preflightCommand: Command = {
  name: 'preflight',
  does: 'Test this deployment end to end, before people rely on it',
  more: `As a throw-away person, over HTTP, at the deployment's own address: a code works once and
not when revoked or expired, the typed key makes a passcode, a recovery code lets in once,
symbols read back, clocks agree. The person is off-boarded afterwards whatever happens;
nobody else's factors are touched. What could not be tried is called so, never a pass.

Over HTTP it takes a token of scope operator. An operator sees one notice of a late claim,
which is of this run. The exit status is 1 when a check does not work.`,
  runs: 'anywhere',
  ownEvent: true,
  besideServer: true,
  run: async (io) => {
    const { checks, expireCode, preflight, recordPreflight, verdictOf } = await import('@postern/server')
    const way = await io.way()
    const { host, remote } = way
    const origin = remote?.origin ?? host?.config.origin ?? ''
    const { signal } = io.terminal
    if (!io.json) await io.terminal.out(`Pre-flight of ${origin}\n\n`)
    const results = await preflight(
      {
        // not stopped by Ctrl-C: it must still off-board
        operator: remote ? openHttp(remote.origin, remote.token, new AbortController().signal) : way,
        browser: () => new Browser(origin, signal),
        ...(host ? { expire: (code) => expireCode(host.core.db, code) } : {}),
      },
      (result) => {
        if (!io.json) void io.terminal.out(rowOf(checks[result.check], result))
      },
      signal,
    )
    if (host) {
      await recordPreflight(host.core.events, host.actor, origin, results)
      host.acts()
    }
    const verdict = verdictOf(results)
    const rows = results.map((each) => ({ ...each, title: checks[each.check] }))
    await io.done({ origin, ...verdict, checks: rows }, summaryOf(verdict))
    return verdict.verdict === 'works' ? 0 : 1
  },
}
