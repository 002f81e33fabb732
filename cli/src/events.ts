import { CallRefused, type Event, streamEvents } from '@postern/contract'
import { wholeIn } from './arguments.ts'
import type { Command, Group } from './command.ts'
import type { Io } from './io.ts'
import { printable, safeJson } from './text.ts'

const retryMs = 1_000

/** The data of Server-Sent Events (HTML §9.2), out of text that comes in any pieces. */
async function* sseData(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => line.startsWith('data:'))
      if (lines.length > 0) yield lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')
    }
  }
}

/** One event, one line: when, what, how it ended, who, about whom, from where. */
const lineOf = (event: Event): string => {
  const subject = event.subject?.name && event.subject.name !== event.actor.name ? ` > ${event.subject.name}` : ''
  const from = [event.address, event.place?.country].filter(Boolean).join(' ')
  const why = event.outcome === 'success' ? '' : ` (${String(event.detail.code ?? event.detail.why ?? '')})`
  const who = `${event.actor.name ?? event.actor.kind}${subject}`
  return `${event.seq}  ${event.time}  ${event.type}  ${event.outcome}${why}  ${who}${from ? `  ${from}` : ''}`
}

/** Follows from `after` on; a lost connection is taken up again at the last seq, without a gap. */
const follow = async (io: Io, after: number | undefined, show: (event: Event, json: string) => Promise<void>): Promise<void> => {
  const { signal } = io.terminal
  const { host } = await io.way()
  let seen = after
  while (!signal.aborted) {
    try {
      for await (const json of sseData(io.stream(streamEvents, seen === undefined ? {} : { after: seen }))) {
        const event = JSON.parse(json) as Event
        seen = event.seq ?? seen
        await show(event, json)
      }
      if (host) return
    } catch (error) {
      if (signal.aborted) return
      // a refusal, and a first connection that fails, are final; a broken one is not
      const isFinal = error instanceof CallRefused && (error.problem.status !== 0 || seen === undefined)
      if (host || isFinal) throw error
    }
    if (signal.aborted) return
    io.say(`the connection ended; trying again${seen === undefined ? '' : ` after seq ${seen}`}`)
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

const tail: Command = {
  name: 'tail',
  does: 'Follow the record as it grows, until Ctrl-C',
  options: { after: { value: 'SEQ', says: 'begin after this number, -1 for all; without it, from now', field: 'after' } },
  more: `One line an event, in order of seq: its number in the record, dense, so that nothing is
missed. With --json each line is the whole event. A lost connection is taken up again.`,
  runs: 'anywhere',
  besideServer: true,
  run: async (io, given) => {
    const after = given.text('after')
    await follow(io, after === undefined ? undefined : wholeIn('after', after, -1), (event, json) =>
      io.terminal.out(io.json ? `${safeJson(json)}\n` : `${printable(lineOf(event))}\n`),
    )
    return 0
  },
}
export const eventsGroup: Group = { name: 'events', does: 'The record, live', commands: [tail] }
