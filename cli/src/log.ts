import { exportEvents } from '@postern/contract'
import { wholeIn } from './arguments.ts'
import { type Command, type Group, WrongUse } from './command.ts'
import { safeJson } from './text.ts'

/** Events a call of an export: the most that the server gives. */
const mostACall = 1_000_000

const exportLog: Command = {
  name: 'export',
  does: 'Write the whole record as JSON Lines',
  options: { after: { value: 'SEQ', says: 'begin after this number; without it, from the first', field: 'after' } },
  more: `One event a line, in order of seq. Names and addresses are in it, so keep it as safe as
the database. The export is itself an event.

Example:
    $ postern log export | gzip > record.jsonl.gz`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const text = given.text('after')
    let after = text === undefined ? -1 : wholeIn('after', text, -1)
    for (let lines = mostACall; lines === mostACall; ) {
      lines = 0
      let rest = ''
      for await (const chunk of io.stream(exportEvents, { after, limit: mostACall })) {
        const whole = (rest + chunk).split('\n')
        rest = whole.pop() ?? ''
        const last = whole.at(-1)
        if (last === undefined) continue
        lines += whole.length
        after = (JSON.parse(last) as { seq: number }).seq
        await io.terminal.out(`${safeJson(whole.join('\n'))}\n`)
      }
      if (rest !== '') throw new Error('The export broke off in the middle of a line.')
    }
    return 0
  },
}

const notYet = 'that nobody rewrote events and hashes together: the tree and its signed checkpoints come later'
const verify: Command = {
  name: 'verify',
  does: 'Check that the record is whole: numbers, entries and their hashes',
  more: `Reads the whole record in the database: the numbers are dense, every event is there, and
its entry hashes to the leaf that was put down when it was ordered.

It does not check yet ${notYet.replace('together: ', 'together:\n')}.`,
  runs: 'host',
  run: async (io) => {
    const { host } = await io.way()
    if (!host) throw new WrongUse('it runs on the host only')
    const { checkLog, logSettled } = await import('@postern/server')
    await logSettled(host.core.db)
    const found = await checkLog(host.core.db)
    const whole = found.wrong.length === 0
    for (const line of found.wrong) io.say(line)
    const words = whole ? 'dense, and each entry hashes to its leaf' : `NOT WHOLE: ${found.wrong[0]}`
    await io.done({ whole, ...found, notChecked: [notYet] }, `${found.size} events: ${words}\nNot checked yet: ${notYet}\n`)
    return whole ? 0 : 1
  },
}
export const logGroup: Group = { name: 'log', does: 'The record, as a whole', commands: [exportLog, verify] }
