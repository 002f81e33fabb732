import { BetterAuth } from '../lib/better-auth.ts'
import { atLeast, type Figure, milliseconds, rounds, warming } from '../lib/figure.ts'
import { type Measured, median, request, requireAll, type Shot } from '../lib/load.ts'
import { addPeople, addSessions, addTokens } from '../lib/people.ts'
import { startPeer, startPostern } from '../lib/servers.ts'
import { bearerShot, sessionShot } from '../lib/shots.ts'

const concurrency = 64
const bearers = 12_000
const browsers = 4_000
const theirs = 800
const people = 2_000
/** The token that calls: what GET /api/session is to a browser. */
const bearerPath = '/api/tokens/current'

/** Is this session, or token, good now? Read from the database at each request, so that a revocation holds at once. */
export const session: Figure = async ({ cluster, generator }) => {
  const postern = await startPostern(cluster, 'postern_session', 1)
  const betterAuth = await BetterAuth.start(cluster, generator, 'better_auth_session')
  const empty = await startPeer('empty-route')
  try {
    await betterAuth.signUp(300)
    const crowd = await addPeople(postern.core, people)
    const cookies = await addSessions(postern.core, crowd)
    const tokens = await addTokens(postern.core, 200)
    await postern.settle()
    const [port] = postern.ports as [number]
    const pids = [cluster.pid, ...postern.pids]
    const repeat = (n: number, make: (at: number) => Shot): Shot[] => Array.from({ length: n }, (_, at) => make(at))

    const run = async (what: string, to: number, shots: Shot[], measuredPids: number[], c = concurrency): Promise<Measured> => {
      const measured = await generator.measure({ ports: [to], concurrency: c, shots }, measuredPids)
      requireAll(measured.statuses, 200, what)
      return measured
    }
    const nothing = request('GET', '/', { host: `localhost:${empty.port}` })
    const emptyRoute = (n: number) =>
      run(
        'empty route',
        empty.port,
        repeat(n, () => ({ to: 0, text: nothing })),
        [empty.pid],
      )
    const bearer = (n: number) =>
      run(
        'bearer',
        port,
        repeat(n, (at) => bearerShot(port, bearerPath, tokens[at % tokens.length] as string)),
        pids,
      )
    const browser = (n: number) => {
      // a proof is good once, so each request has its own
      const shots = repeat(n, (at) => sessionShot(port, crowd[at % people] as (typeof crowd)[0], cookies[at % people] as string))
      return run('session with proof', port, shots, pids)
    }
    const getSession = async (n: number): Promise<Measured> => {
      const shots = repeat(n, (at) => betterAuth.shot('GET', '/get-session', betterAuth.accounts[at % 300]?.session ?? ''))
      return run('better-auth get-session', betterAuth.port, shots, [cluster.pid, betterAuth.pid], 16)
    }
    // compiled, connected, prepared
    for (let round = 0; round < warming; round++) {
      await emptyRoute(bearers)
      await bearer(bearers)
      await browser(browsers)
      await getSession(theirs)
    }
    const all = { empty: [] as Measured[], bearer: [] as Measured[], browser: [] as Measured[], theirs: [] as Measured[] }
    for (let round = 0; round < rounds; round++) {
      all.empty.push(await emptyRoute(bearers))
      all.bearer.push(await bearer(bearers))
      all.browser.push(await browser(browsers))
      all.theirs.push(await getSession(theirs))
    }
    const of = (which: keyof typeof all, what: 'rate' | 'processorMs'): number => median(all[which].map((each) => each[what]))
    const cost = (which: keyof typeof all): string => milliseconds(of(which, 'processorMs'))
    return [
      atLeast(
        `session check with a bearer token (GET ${bearerPath}) against an empty Fastify route; processor ${cost('bearer')} and ${cost('empty')}`,
        of('bearer', 'rate'),
        of('empty', 'rate'),
        0.3,
      ),
      atLeast(
        `session check with a browser's proof (GET /api/session) against better-auth's get-session; processor ${cost('browser')} and ${cost('theirs')}`,
        of('browser', 'rate'),
        of('theirs', 'rate'),
        5,
      ),
    ]
  } finally {
    await empty.stop()
    await betterAuth.stop()
    await postern.stop()
  }
}
