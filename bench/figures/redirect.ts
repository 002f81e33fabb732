import { addLinks, counted, rolledUp } from '../lib/codes.ts'
import { atLeast, type Figure, milliseconds, rounds, warming } from '../lib/figure.ts'
import { type Measured, median, request, requireAll, type Shot } from '../lib/load.ts'
import { processorMs } from '../lib/proc.ts'
import { startPeer, startPostern } from '../lib/servers.ts'

const concurrency = 64
const openings = 12_000
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
  const postern = await startPostern(cluster, 'postern_redirect', 1, { POSTERN_TRUSTED_PROXIES: '127.0.0.1' })
  const empty = await startPeer('empty-route')
  try {
    const links = await addLinks(postern.core, codes)
    const [port] = postern.ports as [number]
    const pids = [cluster.pid, ...postern.pids]
    const shots = (n: number): Shot[] =>
      Array.from({ length: n }, (_, at) => ({
        to: 0,
        text: request('GET', `/c/${links[at % codes]?.id}`, {
          host: `localhost:${port}`,
          'user-agent': agents[at % 2] as string,
          'x-forwarded-for': `198.51.${Math.floor((at % addresses) / 250)}.${at % 250}`,
        }),
      }))
    const nothing = request('GET', '/', { host: `localhost:${empty.port}` })
    let answered = 0
    const database: number[] = []
    const opened = async (n: number): Promise<Measured> => {
      const before = processorMs([cluster.pid])
      const measured = await generator.measure({ ports: [port], concurrency, shots: shots(n) }, pids)
      database.push((processorMs([cluster.pid]) - before) / n)
      requireAll(measured.statuses, 302, 'an opening')
      answered += n
      return measured
    }
    const emptyRoute = async (n: number): Promise<Measured> => {
      const same = Array.from({ length: n }, (): Shot => ({ to: 0, text: nothing }))
      const measured = await generator.measure({ ports: [empty.port], concurrency, shots: same }, [empty.pid])
      requireAll(measured.statuses, 200, 'empty route')
      return measured
    }
    // compiled, connected, prepared
    for (let round = 0; round < warming; round++) {
      await opened(openings)
      await emptyRoute(openings)
    }
    database.length = 0
    const all = { ours: [] as Measured[], empty: [] as Measured[] }
    for (let round = 0; round < rounds; round++) {
      all.empty.push(await emptyRoute(openings))
      all.ours.push(await opened(openings))
    }
    const of = (which: keyof typeof all, what: 'rate' | 'p99' | 'p50' | 'processorMs'): number =>
      median(all[which].map((each) => each[what]))
    await rolledUp(postern.core)
    const { raw, rolled } = await counted(postern.core)
    return [
      atLeast(
        `a link code's redirect, its scan durable before it, against an empty Fastify route; processor ${milliseconds(of('ours', 'processorMs'))}, of it the database ${milliseconds(median(database))}, and ${milliseconds(of('empty', 'processorMs'))}`,
        of('ours', 'rate'),
        of('empty', 'rate'),
        0.3,
      ),
      {
        figure: `99th percentile of the redirect at concurrency ${concurrency}`,
        ours: milliseconds(of('ours', 'p99')),
        reference: milliseconds(of('empty', 'p99')),
        ratio: '',
        goal: `< ${longestMs} ms`,
        met: of('ours', 'p99') < longestMs,
      },
      {
        figure: 'openings answered, and counted: rows and rollup',
        ours: `${raw.toLocaleString('en')} and ${rolled.toLocaleString('en')}`,
        reference: answered.toLocaleString('en'),
        ratio: '',
        goal: 'equal',
        met: raw === answered && rolled === answered,
      },
    ]
  } finally {
    await empty.stop()
    await postern.stop()
  }
}
