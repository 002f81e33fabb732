import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import fc from 'fast-check'
import { type CodeAct, refusalFor, stateOf, takes } from '../server/src/features/codes/codes-life.ts'
import { fromId } from '../server/src/platform/ids.ts'
import { raw, said } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { machine, pause, startDeployment } from './support/deployment.ts'
import { firstOperator, partsOf } from './support/people.ts'

// Histories of one code: lanes beside each other, in each one call after another, every call to either of two processes.

const deployment = await startDeployment()
const { sql, a, b } = deployment
const robot = await machine(await firstOperator(deployment))
const origins = [a.origin, b.origin] as const

type Kind = 'enrol-totp' | 'link'
/** `expire` and `extend` are edits: the code ends some milliseconds later, or much later. `read`: what the console shows. */
type Call = CodeAct | 'inspect' | 'expire' | 'extend' | 'read'
type Plan = {
  /** `wait`: time alone goes on. */
  act: Call | 'wait'
  process: 0 | 1
  /** An edit of a version that is no longer the newest. */
  stale: boolean
  /** Of a code that was issued again, the one that took its place. */
  newest: boolean
}
type Done = {
  act: Call
  lane: number
  process: 0 | 1
  /** Codes are numbered in the order in which they took each other's place. */
  code: number
  /** The version that an edit named, and the end that it asked for. */
  version: number
  end: number | undefined
  label: string | undefined
  /** Sent and answered, by a clock that only goes on, and by the database's, which runs on this machine. */
  sent: number
  answered: number
  from: number
  to: number
  answer: string
  /** The version and the end of the code that the answer shows. */
  shown: { version: number; end: number | null } | undefined
}

// The model: what may be answered, by the table of codes-life.ts.

type Facts = {
  revoked: boolean
  /** The lane whose key claimed it. */
  claimedBy: number | null
  end: number | null
  limit: number | null
  scans: number
  version: number
  replaced: boolean
  /** When the re-issue that made it was answered. */
  madeBy: number
}
const isEdit = (act: Call): boolean => act === 'edit' || act === 'expire' || act === 'extend'

/** The codes after this call, or undefined where its answer is not what the table says. `over`: whether the end had come for it. */
const after = (kind: Kind, codes: readonly Facts[], at: number, done: Done, over: boolean): readonly Facts[] | undefined => {
  const { act, answer, shown } = done
  const facts = codes[at] as Facts
  const seen = {
    revokedAt: facts.revoked ? new Date(0) : null,
    claimedAt: facts.claimedBy === null ? null : new Date(0),
    expired: over,
    notYet: false,
    usedUp: facts.limit !== null && facts.scans >= facts.limit,
  }
  const state = stateOf(seen)
  const same = (fits: boolean) => (fits ? codes : undefined)
  const changed = (fits: boolean, change: Partial<Facts>) =>
    fits ? codes.map((each, n) => (n === at ? { ...each, ...change } : each)) : undefined
  const revoked = { revoked: true, version: facts.version + (facts.revoked ? 0 : 1) }
  if (act === 'read') return same(answer === `${state}, version ${facts.version}`)
  if (act === 'inspect') return same(answer === state)
  const may = takes(kind, state, isEdit(act) ? 'edit' : (act as CodeAct))
  switch (act) {
    case 'open':
      // found under the printed address, and locked when another had just taken its place: this one opening is refused
      if (answer === 'revoked' && done.sent < facts.madeBy) return codes
      return may ? changed(answer === 'live', { scans: facts.scans + 1 }) : same(answer === state)
    case 'claim':
      // the key that claimed gets its answer again
      if (state === 'used' && facts.claimedBy === done.lane) return same(answer === '200')
      return may ? changed(answer === '200', { claimedBy: done.lane }) : same(answer === refusalFor(seen))
    case 'revoke':
      // the printed symbol of a link that was issued again leads on until the newest of its codes is revoked
      if (kind === 'link' && facts.replaced && !codes.at(-1)?.revoked) return same(answer === 'conflict')
      return changed(may && answer === '200', revoked)
    case 'reissue': {
      // of these two the state of a revoked code does not tell: what was claimed stays claimed, and a place is taken once
      if (!may || facts.claimedBy !== null || facts.replaced) return same(['code-used', 'conflict'].includes(answer))
      const next = changed(answer === '201' && shown !== undefined, { ...revoked, replaced: true })
      const fresh = {
        revoked: false,
        claimedBy: null,
        limit: facts.limit,
        scans: 0,
        version: 1,
        replaced: false,
        madeBy: done.answered,
      }
      return next && [...next, { ...fresh, end: (shown as { end: number | null }).end }]
    }
    default: {
      const current = done.version === facts.version
      const named = state === 'used' ? 'code-used' : state === 'revoked' ? 'code-revoked' : 'conflict'
      if (!may || !current) return same((!may && answer === named) || (!current && answer === 'precondition-failed'))
      // what is to end at an instant that has passed when it is asked for
      if (answer === 'invalid-request') return same(act === 'expire' && done.to >= (done.end as number))
      const version = facts.version + 1
      return changed(answer === '200' && shown?.version === version, { version, end: done.end ?? facts.end })
    }
  }
}

/** For who was judged between its sending and its answer the end may have come and may not: then both are tried. */
const endings = ({ end }: Facts, { from, to }: Done): boolean[] =>
  end === null ? [false] : [...(from < end ? [false] : []), ...(to >= end ? [true] : [])]

/** Whether there is an order, with each call between its sending and its answer, in which each was answered as the table says. */
const explained = (kind: Kind, codes: readonly Facts[], left: readonly Done[]): boolean => {
  const first = Math.min(...left.map(({ answered }) => answered))
  const goesOn = (done: Done): boolean => {
    // the printed address of a link leads to the code that has taken the place of all before
    const at = done.act === 'open' ? codes.length - 1 : done.code
    const facts = codes[at]
    if (!facts) return false
    const rest = left.filter((each) => each !== done)
    return endings(facts, done).some((over) => {
      const next = after(kind, codes, at, done, over)
      return next !== undefined && explained(kind, next, rest)
    })
  }
  return left.length === 0 || left.filter(({ sent }) => sent <= first).some(goesOn)
}

// Running a history.

type Issued = { id: string; secret: string; version: number; end: number | null; limit: number | null }
const msOf = (instant: string | null): number | null => (instant === null ? null : Date.parse(instant))
const issuedAs = ({ id, version, expiresAt, scanLimit }: contract.Code, secret = ''): Issued => ({
  ...{ id, secret, version },
  end: msOf(expiresAt),
  limit: scanLimit,
})

let people = 0
const issue: Record<Kind, () => Promise<Issued>> = {
  'enrol-totp': async () => {
    const { id } = await robot(a.origin).call(contract.createUser, { username: `person${people++}` })
    const { code } = await robot(b.origin).call(contract.enrolUser, { id, factor: 'totp' })
    const parts = partsOf(code.url as string)
    return issuedAs(await robot(a.origin).call(contract.getCode, { id: code.id }), parts.secret)
  },
  link: async () =>
    issuedAs(
      await robot(b.origin).call(contract.createCode, {
        kind: 'link',
        label: 'Visitor safety',
        destination: { type: 'url', url: 'https://www.example.org/safety' },
        scanLimit: 3,
      }),
    ),
}
const words = { revoked: /was revoked/, expired: /has expired/, 'used-up': /as often as it may be/ }
const open = async (origin: string, id: string): Promise<string> => {
  const { status, text } = await raw(origin, 'GET', `/c/${id}`, { headers: { 'user-agent': 'Mozilla/5.0 (Android 16)' } })
  if (status === 302) return 'live'
  return Object.entries(words).find(([, pattern]) => pattern.test(text))?.[0] ?? `status ${status}`
}

class History {
  readonly codes: Issued[]
  readonly done: Done[] = []
  readonly #keys = new Map<number, Browser>()
  constructor(first: Issued) {
    this.codes = [first]
  }
  /** Makes the call, answers its name, and puts what it shows of the code into `done`. */
  async #answer(done: Done, code: Issued): Promise<string> {
    const { act, lane, version } = done
    const origin = origins[done.process]
    const { id, secret } = code
    switch (act) {
      case 'claim': {
        const key = this.#keys.get(lane) ?? new Browser(origin)
        this.#keys.set(lane, key)
        return said(await key.at(origin).try(contract.claimCode, { id, secret }))
      }
      case 'inspect':
        return (await new Browser(origin).call(contract.inspectCode, { id, secret })).state
      case 'open':
        return open(origin, (this.codes[0] as Issued).id)
      case 'read': {
        const now = await robot(origin).call(contract.getCode, { id })
        return `${now.state}, version ${now.version}`
      }
      case 'revoke':
        return said(await robot(origin).try(contract.revokeCode, { id, reason: 'a history' }))
      case 'reissue': {
        const tried = await robot(origin).try(contract.reissueCode, { id })
        if (tried.status < 300) {
          const made = issuedAs(tried.value.code, tried.value.url && partsOf(tried.value.url).secret)
          done.shown = made
          this.codes.push(made)
        }
        return said(tried)
      }
      default: {
        const change = done.end === undefined ? { label: done.label } : { expiresAt: new Date(done.end).toISOString() }
        const headers = { 'if-match': `"${version}"` }
        const tried = await robot(origin).try(contract.updateCode, { id, ...change } as never, { headers })
        if (tried.status < 300) {
          done.shown = issuedAs(tried.value)
          code.version = Math.max(code.version, tried.value.version)
        }
        return said(tried)
      }
    }
  }
  async call(act: Call, lane: number, process: 0 | 1, at: number, stale = false): Promise<void> {
    const code = this.codes[at] as Issued
    const done: Done = {
      ...{ act, lane, process, code: at, answer: '', shown: undefined },
      version: Math.max(code.version - (stale ? 1 : 0), 1),
      end: act === 'expire' ? Date.now() + 80 : act === 'extend' ? Date.now() + 600_000 : undefined,
      label: act === 'edit' ? `edit ${this.done.length} of lane ${lane}` : undefined,
      ...{ from: Date.now(), sent: performance.now(), to: 0, answered: 0 },
    }
    done.answer = await this.#answer(done, code)
    done.answered = performance.now()
    done.to = Date.now()
    this.done.push(done)
  }
  /** No row is aged by hand: an end is waited for, and passes while others call. */
  async lane(plans: readonly Plan[], lane: number): Promise<void> {
    for (const { act, process, stale, newest } of plans)
      if (act === 'wait') await pause(40)
      else await this.call(act, lane, process, newest ? this.codes.length - 1 : 0, stale)
  }
  toString(): string {
    const start = Math.min(...this.done.map(({ sent }) => sent))
    return this.done
      .map(({ act, lane, process, code, version, sent, answered, answer }) => {
        const named = isEdit(act) ? ` of version ${version}` : ''
        const time = `${(sent - start).toFixed(1)} to ${(answered - start).toFixed(1)} ms`
        return `lane ${lane}, process ${'ab'[process]}, ${time}: ${act} code ${code}${named}: ${answer}`
      })
      .join('\n')
  }
}

const versionsOf = async ({ id }: Issued) =>
  (await robot(a.origin).call(contract.listCodeVersions, { id, limit: 100 })).items.reverse()
type Row = { version: number; revoked: boolean; claims: number; late: boolean }
const rowOf = async ({ id }: Issued): Promise<Row> => {
  const [row] = await sql(
    `select version, revoked_at is not null as revoked, coalesce(claimed_at >= expires_at, false) as late,
      (select count(*)::int from event e where e.code_id = c.id and type = 'code.claimed' and outcome = 'success') as claims
     from code c where id = $1`,
    [fromId(id)],
  )
  return row as unknown as Row
}

/** `brief`: it ends while the history goes on. */
const holds = async (kind: Kind, brief: boolean, lanes: readonly (readonly Plan[])[]): Promise<void> => {
  const first = await issue[kind]()
  const start: Facts = {
    ...{ revoked: false, claimedBy: null, end: first.end, limit: first.limit, scans: 0 },
    ...{ version: first.version, replaced: false, madeBy: 0 },
  }
  const history = new History(first)
  if (brief) await history.call('expire', -1, 0, 0)
  await Promise.all(lanes.map((plans, lane) => history.lane(plans, lane)))
  const { codes, done } = history
  // what both processes say when all is over belongs to the history
  for (const at of codes.keys()) for (const process of [0, 1] as const) await history.call('read', -1, process, at)
  const why = (what: string): string => `${what}\n${history}`
  const accepted = (act: Call) => done.filter((each) => each.act === act && (each.answer === '200' || each.answer === '201'))

  const claims = accepted('claim')
  assert.ok(new Set(claims.map(({ code, lane }) => `${code} ${lane}`)).size <= 1, why('claimed by two'))
  for (const revoke of [...accepted('revoke'), ...accepted('reissue')])
    for (const claim of claims)
      assert.ok(claim.code !== revoke.code || claim.sent < revoke.answered, why('claimed after its end was acknowledged'))

  for (const [at, code] of codes.entries()) {
    const row = await rowOf(code)
    assert.deepEqual(
      [row.late, row.claims],
      [false, claims.some((each) => each.code === at) ? 1 : 0],
      why('claimed after its end, or off the record'),
    )
    const versions = await versionsOf(code)
    assert.deepEqual(
      versions.map(({ version }) => version),
      Array.from({ length: row.version }, (_, n) => n + 1),
      why(`versions of code ${at}`),
    )
    const edits = done.filter((each) => isEdit(each.act) && each.code === at && each.answer === '200')
    const acknowledged = edits
      .sort((x, y) => (x.shown as { version: number }).version - (y.shown as { version: number }).version)
      .map(({ label, end }) => (label === undefined ? ['expiresAt', end] : ['label', label]))
    assert.deepEqual(
      versions.map(({ changed, values }) =>
        changed[0] === 'label'
          ? ['label', values.label]
          : changed[0] === 'expiresAt'
            ? ['expiresAt', msOf(values.expiresAt)]
            : changed,
      ),
      [['issued'], ...acknowledged, ...(row.revoked ? [['revoked']] : [])],
      why(`what was acknowledged of code ${at}`),
    )
  }
  assert.ok(explained(kind, [start], done), why('there is no order in which every answer is what the table says'))
}

/** Of `weights`, each act as often as it says. Where it fails, seed and path are printed; `endOnFailure`: a race is shown as it was, not searched for a shorter one. */
const histories = async (kind: Kind, weights: Partial<Record<Plan['act'], number>>, numRuns: number): Promise<void> => {
  const act = fc.oneof(
    ...Object.entries(weights).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Plan['act']) })),
  )
  const plan = fc.record<Plan>({
    act,
    process: fc.constantFrom(0, 1),
    stale: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    newest: fc.boolean(),
  })
  const lanes = fc.array(fc.array(plan, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.boolean(), lanes, (brief, drawn) => holds(kind, brief, drawn)),
    { numRuns, endOnFailure: true },
  )
}

test('an enrolment code, however acts on it interleave over two processes, is claimed once, never after its end, and is what the table says', () =>
  histories('enrol-totp', { claim: 4, inspect: 2, edit: 3, expire: 2, extend: 1, revoke: 1, reissue: 1, wait: 3 }, 30))

test('a link code, however acts on it interleave over two processes, opens and changes as the table says', () =>
  histories('link', { open: 6, edit: 3, expire: 2, extend: 2, revoke: 1, reissue: 2, wait: 3 }, 30))
