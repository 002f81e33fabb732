import { requirePackages } from '../../test/support/packages.ts'
import { addLinks, counted, rolledUp } from '../lib/codes.ts'
import { atLeast, type Figure, milliseconds, rounds, warming } from '../lib/figure.ts'
import { median, request, requireAll } from '../lib/load.ts'
import { processorMs } from '../lib/proc.ts'
import { startPeer, startPostern } from '../lib/servers.ts'
import { wrk } from '../lib/wrk.ts'

const concurrency = 64
/** In a round that warms. */
const openings = 12_000
/** Of a measured round. */
const seconds = 2
const codes = 200
/** Enough of them that each has its rows, as strangers at a poster have. */
const addresses = 1_000
const longestMs = 15
const agents = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
]

/** A link code is opened: its state read, its scan recorded durably, with place and sealed address, and only then the redirect. */
export const redirect: Figure = async ({ cluster, generator }) => {
  requirePackages({ wrk: 'wrk' })
  const postern = await startPostern(cluster, 'postern_redirect', 1, { POSTERN_TRUSTED_PROXIES: '127.0.0.1' })
  const empty = await startPeer('empty-route')
  try {
    const links = await addLinks(postern.core, codes)
    const [port] = postern.ports as [number]
    const pids = [cluster.pid, ...postern.pids]
    const texts = Array.from({ length: openings }, (_, at) =>
      request('GET', `/c/${links[at % codes]?.id}`, {
        host: `localhost:${port}`,
        'user-agent': agents[at % 2] as string,
        'x-forwarded-for': `198.51.${Math.floor((at % addresses) / 250)}.${at % 250}`,
      }),
    )
    const nothing = request('GET', '/', { host: `localhost:${empty.port}` })
    // compiled, connected, prepared; and counted to the last one, by a generator that waits for each answer
    for (let round = 0; round < warming; round++) {
      const ours = texts.map((text) => ({ to: 0, text }))
      const { statuses } = await generator.measure({ ports: [port], concurrency, shots: ours }, pids)
      requireAll(statuses, 302, 'an opening')
      const theirs = texts.map(() => ({ to: 0, text: nothing }))
      await generator.measure({ ports: [empty.port], concurrency, shots: theirs }, [empty.pid])
    }
    const answered = warming * openings
    await rolledUp(postern.core)
    const { raw, rolled } = await counted(postern.core)
    const ours: Awaited<ReturnType<typeof wrk>>[] = []
    const theirs: typeof ours = []
    const database: number[] = []
    for (let round = 0; round < rounds; round++) {
      theirs.push(await wrk({ port: empty.port, concurrency, seconds, texts: [nothing], expected: 200 }, [empty.pid]))
      const before = processorMs([cluster.pid])
      const mine = await wrk({ port, concurrency, seconds, texts, expected: 302 }, pids)
      ours.push(mine)
      database.push((processorMs([cluster.pid]) - before) / mine.answered)
    }
    const of = (all: typeof ours, what: 'rate' | 'p99' | 'processorMs'): number => median(all.map((each) => each[what]))
    await rolledUp(postern.core)
    const after = await counted(postern.core)
    const measured = ours.reduce((sum, each) => sum + each.answered, 0)
    // wrk leaves at most one request a connection behind, which was opened and not read
    const left = after.raw - raw - measured
    return [
      atLeast(
        `a link code's redirect, its scan durable before it, against an empty Fastify route; processor ${milliseconds(of(ours, 'processorMs'))}, of it the database ${milliseconds(median(database))}, and ${milliseconds(of(theirs, 'processorMs'))}`,
        of(ours, 'rate'),
        of(theirs, 'rate'),
        0.3,
      ),
      {
        figure: `99th percentile of the redirect at concurrency ${concurrency}`,
        ours: milliseconds(of(ours, 'p99')),
        reference: milliseconds(of(theirs, 'p99')),
        ratio: '',
        goal: `< ${longestMs} ms`,
        met: of(ours, 'p99') < longestMs,
      },
      {
        figure: `openings answered, and counted: rows and rollup (${measured.toLocaleString('en')} more were measured, and no more than ${rounds * concurrency} of them left unread)`,
        ours: `${raw.toLocaleString('en')} and ${rolled.toLocaleString('en')}`,
        reference: answered.toLocaleString('en'),
        ratio: '',
        goal: 'equal',
        met: raw === answered && rolled === answered && after.rolled === after.raw && left >= 0 && left <= rounds * concurrency,
      },
    ]
  } finally {
    await empty.stop()
    await postern.stop()
  }
}
