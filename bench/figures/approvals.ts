import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import { sql } from 'kysely'
import { Authenticator } from '../../test/support/authenticator.ts'
import { type Figure, milliseconds, perSecond, type Row, rounds } from '../lib/figure.ts'
import { type Generator, median, type Outcome, quantile, requireAll, type Shot } from '../lib/load.ts'
import { addDesks, addPhones, age, approveShot, claimShot, collectShot, eventsShot, type Phone } from '../lib/phones.ts'
import { processorMs } from '../lib/proc.ts'
import { type Heard, Screens } from '../lib/screens.ts'
import { type Postern, startPostern } from '../lib/servers.ts'

const concurrency = 32
/** Sign-ins at a time: frames are good for 5 s, so no batch of claims may take longer. */
const batch = 48
const batches = 4
const checks = 3_000

const waiting = 2_000
/** How many of the waiting screens hear of an approval. */
const approved = 100
const longestMs = 100

type Bench = { postern: Postern; generator: Generator; phones: readonly Phone[]; pids: readonly number[] }

/** Sign-ins by phone. Timed are the three calls that decide, and nothing between them: each for a whole batch, then the next. */
const signIns = async ({ postern, generator, phones, pids }: Bench) => {
  const calls = { claim: [] as number[], approve: [] as number[], collect: [] as number[] }
  let spent = 0
  let used = 0
  const run = async (call: keyof typeof calls, shots: Shot[]): Promise<Outcome> => {
    const before = processorMs(pids)
    const outcome = await generator.run({ ports: postern.ports, concurrency, shots, keep: true })
    used += processorMs(pids) - before
    requireAll(outcome.statuses, 200, call)
    spent += outcome.seconds
    calls[call].push(...outcome.latencies)
    return outcome
  }
  for (let at = 0; at < batches; at++) {
    const desks = await addDesks(postern, generator, batch)
    await postern.settle()
    const claims = desks.map((desk, k) => claimShot(postern, phones[k] as Phone, desk))
    await age(postern, desks)
    const { answers } = await run('claim', claims)
    await run(
      'approve',
      desks.map((desk, k) => approveShot(postern, phones[k] as Phone, desk, answers[k] as string)),
    )
    await run(
      'collect',
      desks.map((desk) => collectShot(postern, desk)),
    )
  }
  const n = batch * batches
  return { rate: n / spent, processorMs: used / n, calls }
}

/** What an approval would cost that were nothing but a signature: the library's check of one, one after the other. */
const bareChecks = async (): Promise<number> => {
  const origin = 'http://localhost'
  const rpId = 'localhost'
  const authenticator = new Authenticator()
  const user = { id: 'AAAA', name: 'u', displayName: 'u' }
  authenticator.create(
    { rp: { id: rpId, name: 'bench' }, user, challenge: '', pubKeyCredParams: [{ type: 'public-key', alg: -7 }] },
    { origin },
  )
  const { id, publicKey } = authenticator.credentials[0] as Authenticator['credentials'][0]
  const challenge = Buffer.alloc(64, 7).toString('base64url')
  const response = authenticator.get({ challenge, rpId }, { origin })
  const credential = { id: id.toString('base64url'), publicKey: new Uint8Array(publicKey), counter: 0 }
  const asked = { expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: rpId, requireUserVerification: true }
  const began = performance.now()
  for (let at = 0; at < checks; at++) {
    const { verified } = await verifyAuthenticationResponse({ response: response as never, credential, ...asked })
    if (!verified) throw new Error('the bare check failed')
  }
  return (checks * 1_000) / (performance.now() - began)
}

/** Approvals one after another while `others` screens more wait: each is claimed and approved when its own screen waits. */
const heardAmong = async ({ postern, generator, phones }: Bench, others: number): Promise<Heard[]> => {
  const [port] = postern.ports as [number]
  const screens = new Screens()
  try {
    const desks = await addDesks(postern, generator, approved + others)
    const open = (from: number, to: number): Promise<void> =>
      screens.open(
        port,
        desks.slice(from, to).map((desk) => eventsShot(postern, desk).text),
      )
    if (others > 0) await open(0, desks.length)
    const heard: Heard[] = []
    for (const [at, phone] of phones.slice(0, approved).entries()) {
      // spread over all of them
      const screen = Math.floor((at * desks.length) / approved)
      const desk = desks[screen] as (typeof desks)[0]
      if (others === 0) await open(at, at + 1)
      await age(postern, [desk])
      const claim = claimShot(postern, phone, desk)
      const { statuses, answers } = await generator.run({ ports: [port], concurrency: 1, shots: [claim], keep: true })
      requireAll(statuses, 200, 'a claim')
      heard.push(await screens.approve(screen, approveShot(postern, phone, desk, answers[0] as string).text))
    }
    const left = await screens.waiting()
    if (left !== others) throw new Error(`${left} of ${others} other screens wait still`)
    return heard
  } finally {
    screens.stop()
  }
}

/** Sign-in by phone: how many a process completes, and how soon a waiting screen hears of an approval. */
export const approvals: Figure = async ({ cluster, generator }) => {
  const postern = await startPostern(cluster, 'postern_approvals', 1)
  try {
    const phones = await addPhones(postern, Math.max(batch, approved))
    const bench = { postern, generator, phones, pids: [cluster.pid, ...postern.pids] }
    // warm: compiled, connected, prepared, by as many as are measured
    for (let round = 0; round < rounds; round++) {
      await signIns(bench)
      await bareChecks()
    }
    const ours: Awaited<ReturnType<typeof signIns>>[] = []
    const bare: number[] = []
    for (let round = 0; round < rounds; round++) {
      bare.push(await bareChecks())
      ours.push(await signIns(bench))
    }
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from session where device_id is not null`.execute(
      postern.core.db,
    )
    if (rows[0]?.n !== 2 * rounds * batches * batch) throw new Error(`${rows[0]?.n} sessions are committed`)
    const many: Heard[][] = []
    const alone: Heard[][] = []
    for (let round = 0; round <= rounds; round++) {
      many.push(await heardAmong(bench, waiting - approved))
      alone.push(await heardAmong(bench, 0))
    }
    const call = (name: keyof (typeof ours)[0]['calls']): string => {
      const of = (q: number): string => milliseconds(median(ours.map(({ calls }) => quantile(calls[name], q))))
      return `${name} ${of(0.5)} and ${of(0.99)}`
    }
    // the first of each was to warm
    const of = (all: Heard[][], from: keyof Heard, q: number): number =>
      median(
        all.slice(1).map((heard) =>
          quantile(
            heard.map((each) => each[from]),
            q,
          ),
        ),
      )
    const shown = (all: Heard[][]): string =>
      `${milliseconds(of(all, 'fromSending', 0.5))}, and from its answer ${milliseconds(of(all, 'fromAnswer', 0.5))} and ${milliseconds(of(all, 'fromAnswer', 0.99))}`
    const [rate, check] = [median(ours.map((each) => each.rate)), median(bare)]
    const [p99, p99Alone] = [of(many, 'fromSending', 0.99), of(alone, 'fromSending', 0.99)]
    const atScreen: Row = {
      figure: `approval at its screen, ${waiting.toLocaleString('en')} waiting, against one: 99th percentile from its sending; median ${shown(many)}; alone ${shown(alone)}`,
      ours: milliseconds(p99),
      reference: milliseconds(p99Alone),
      ratio: `${(p99 / p99Alone).toFixed(1)} x`,
      goal: `< ${longestMs} ms`,
      met: p99 < longestMs,
    }
    return [
      {
        figure: `sign-ins by phone, end to end (claim, approve and collect timed, c=${concurrency}) against the bare signature check, one after the other; p50 and p99 of ${call('claim')}, ${call('approve')}, ${call('collect')}; processor ${milliseconds(median(ours.map((each) => each.processorMs)))}`,
        ours: perSecond(rate),
        reference: perSecond(check),
        ratio: `${(rate / check).toFixed(2)} x`,
        goal: 'told',
        met: true,
      },
      atScreen,
    ]
  } finally {
    await postern.stop()
  }
}
