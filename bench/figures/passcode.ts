import pg from 'pg'
import { BetterAuth } from '../lib/better-auth.ts'
import type { Cluster } from '../lib/cluster.ts'
import { atLeast, type Figure, milliseconds, rounds, warming } from '../lib/figure.ts'
import { type Measured, median, requireAll, type Shot } from '../lib/load.ts'
import { addPeople, addSignIns } from '../lib/people.ts'
import { startPostern } from '../lib/servers.ts'
import { passcodeShot, signInShot } from '../lib/shots.ts'

/** As many as the server remembers keys of browsers at least (proof.ts), so that each is known at its passcode, as in life. */
const oursARound = 5_000
const theirsARound = 600
const oneByOne = 200
const ourConcurrency = 64
/** better-auth is driven at both, and its better median counts. */
const theirConcurrencies = [16, 64]

/** Milliseconds of one prepared statement that inserts a row and commits, one after the other: what no answer can go below. */
const bareCommit = async (cluster: Cluster): Promise<number> => {
  const client = new pg.Client({ connectionString: await cluster.newDatabase('bare_commit') })
  await client.connect()
  try {
    await client.query('create table bare (n integer)')
    const took: number[] = []
    for (let n = 0; n < 2 * oneByOne; n++) {
      const began = performance.now()
      await client.query({ name: 'bare', text: 'insert into bare values ($1)', values: [n] })
      if (n >= oneByOne) took.push(performance.now() - began)
    }
    return median(took)
  } finally {
    await client.end()
  }
}

/** Verification of a passcode at sign-in: the step, counters, sign-in, session and event (better-auth: the session) are committed. */
export const passcode: Figure = async ({ cluster, generator }) => {
  const postern = await startPostern(cluster, 'postern_passcode', 1)
  const betterAuth = await BetterAuth.start(cluster, generator, 'better_auth_passcode')
  try {
    await betterAuth.signUp(theirsARound)
    await betterAuth.enrol()
    const pids = [cluster.pid, ...postern.pids]
    const theirPids = [cluster.pid, betterAuth.pid]
    const [port] = postern.ports as [number]
    const shots = async (n: number): Promise<Shot[]> => {
      const people = await addPeople(postern.core, n)
      const tokens = await addSignIns(postern.core, people)
      await postern.settle()
      // in life the browser has called before, for the sign-in and with the password; so have better-auth's
      const before = people.map((person, at) => signInShot(port, person, tokens[at] as string))
      const { statuses } = await generator.measure({ ports: [port], concurrency: ourConcurrency, shots: before }, pids)
      requireAll(statuses, 200, 'Postern, the sign-in as it stands')
      return people.map((person, at) => passcodeShot(postern.ports, 0, person, tokens[at] as string))
    }
    const ours = async (n: number, concurrency: number): Promise<Measured> => {
      const measured = await generator.measure({ ports: [port], concurrency, shots: await shots(n) }, pids)
      requireAll(measured.statuses, 200, `Postern, passcode at concurrency ${concurrency}`)
      return measured
    }
    const theirs = async (n: number, concurrency: number): Promise<Measured> => {
      const ready = await betterAuth.verifications(betterAuth.accounts.slice(0, n))
      const measured = await generator.measure({ ports: [betterAuth.port], concurrency, shots: ready }, theirPids)
      requireAll(measured.statuses, 200, `better-auth, verify-totp at concurrency ${concurrency}`)
      return measured
    }
    // compiled, connected, prepared
    for (let round = 0; round < warming; round++) {
      await ours(oursARound, ourConcurrency)
      for (const concurrency of theirConcurrencies) await theirs(theirsARound, concurrency)
    }
    const mine: Measured[] = []
    const mineAlone: Measured[] = []
    const other = theirConcurrencies.map((): Measured[] => [])
    const otherAlone: Measured[] = []
    for (let round = 0; round < rounds; round++) {
      mine.push(await ours(oursARound, ourConcurrency))
      for (const [at, concurrency] of theirConcurrencies.entries()) other[at]?.push(await theirs(theirsARound, concurrency))
      mineAlone.push(await ours(oneByOne, 1))
      otherAlone.push(await theirs(100, 1))
    }
    const of = (all: Measured[], what: 'rate' | 'p50' | 'p99' | 'processorMs'): number => median(all.map((each) => each[what]))
    const theirRate = Math.max(...other.map((all) => of(all, 'rate')))
    const theirMs = Math.min(...other.map((all) => of(all, 'processorMs')))
    const myMs = of(mine, 'processorMs')
    const alone = of(mineAlone, 'p50')
    const bare = await bareCommit(cluster)
    return [
      atLeast('passcode at sign-in, rate (c=64 against the best of 16 and 64)', of(mine, 'rate'), theirRate, 10),
      {
        figure: 'passcode at sign-in, processor time a request (server and database)',
        ours: milliseconds(myMs),
        reference: milliseconds(theirMs),
        ratio: `1/${(theirMs / myMs).toFixed(1)}`,
        goal: '<= 1/10',
        met: theirMs / myMs >= 10,
      },
      {
        figure: `passcode at sign-in, median latency at concurrency 1 (p99 ${milliseconds(of(mineAlone, 'p99'))})`,
        ours: milliseconds(alone),
        reference: milliseconds(of(otherAlone, 'p50')),
        ratio: `1/${(of(otherAlone, 'p50') / alone).toFixed(1)}`,
        goal: '< 3 ms',
        met: alone < 3,
      },
      {
        figure: 'the same, against the commit of one bare row from Node on this PostgreSQL',
        ours: milliseconds(alone),
        reference: milliseconds(bare),
        ratio: `${(alone / bare).toFixed(1)} x`,
        goal: 'told',
        met: true,
      },
    ]
  } finally {
    await betterAuth.stop()
    await postern.stop()
  }
}
