import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '@postern/contract'
import * as contract from '@postern/contract'
import { replaceRecoveryCodes } from '../server/src/features/recovery-codes/index.ts'
import { fromId, toId } from '../server/src/platform/ids.ts'
import { settle } from './support/attack.ts'
import { Browser, type Tried } from './support/browser.ts'
import { crowd, type Member, pendingSignIn } from './support/crowd.ts'
import { type Deployment, eventually, liveStream, machine, startDeployment, wholeLog } from './support/deployment.ts'
import { claimKey, firstOperator, goodPassword, newPerson, type Person, partsOf, passcode, signIn } from './support/people.ts'
import { enrolPhone } from './support/phones.ts'
import { startProcess } from './support/server.ts'

const each = <T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)))
/** A few at a time, so that what is raced is the rows, and not the queue for a connection. */
const inTurns = async <T>(items: readonly T[], atOnce: number, work: (item: T, at: number) => Promise<void>): Promise<void> => {
  for (let at = 0; at < items.length; at += atOnce)
    await Promise.all(items.slice(at, at + atOnce).map((item, n) => work(item, at + n)))
}
const tally = (outcomes: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
const codeOf = (tried: { status: number; problem: { code: string } }): string =>
  tried.status < 300 ? 'won' : (tried.problem?.code ?? String(tried.status))
/** Asserts that one won, and that the others were refused by one of these names. */
const oneWon = (outcomes: readonly string[], others: readonly string[]): void => {
  const { won, ...lost } = tally(outcomes)
  assert.equal(won, 1, JSON.stringify(tally(outcomes)))
  for (const name of Object.keys(lost)) assert.ok(others.includes(name), `${name}: ${JSON.stringify(tally(outcomes))}`)
}

/** A browser of this person whose password is proved already. */
const halfway = async (deployment: Deployment, person: { id: string }, origin: string): Promise<Browser> => {
  const browser = new Browser(origin)
  await pendingSignIn(deployment, browser, person)
  return browser
}
const signedIn = async (deployment: Deployment, member: Member, origin: string): Promise<Browser> => {
  const browser = await halfway(deployment, member, origin)
  await browser.call(contract.proveTotp, { code: passcode(member.secret) })
  await deployment.sql(`update totp set last_step = 0 where user_id = $1`, [member.id])
  return browser
}
const recoverable = (deployment: Deployment, member: Member): Promise<string[]> =>
  deployment.core.db.transaction().execute((tx) => replaceRecoveryCodes(tx, deployment.core.keys, member.id))
const sessionsOf = (deployment: Deployment, id: string): Promise<number> =>
  deployment.count(`select count(*) from session where user_id = $1`, [id])

/**
 * Calls go on while `deed` runs and for some time after its answer. None that was sent after the answer may be accepted;
 * answers how many were, and how many were tried before and after.
 */
const deadAfter = async (call: (at: number) => Promise<boolean>, deed: () => Promise<unknown>) => {
  let answeredAt = Number.POSITIVE_INFINITY
  let late = 0
  const counts = { before: 0, after: 0, acceptedAfter: 0 }
  const checker = async (at: number) => {
    while (late < 12) {
      const sentAt = performance.now()
      const accepted = await call(at)
      if (sentAt <= answeredAt) counts.before++
      else {
        late++
        counts.after++
        if (accepted) counts.acceptedAfter++
      }
    }
  }
  const checkers = each(4, checker)
  await deed()
  answeredAt = performance.now()
  await checkers
  return counts
}

test('over two processes, what works once works once', async (t) => {
  const deployment = await startDeployment()
  const { sql, count, at, a, b } = deployment
  const olga = await firstOperator(deployment)
  const robot = await machine(olga)
  const freshCode = async (username: string, origin = a.origin) => {
    const user = await robot(origin).call(contract.createUser, { username })
    const { code } = await robot(origin).call(contract.enrolUser, { id: user.id, factor: 'totp' })
    return { user, ...partsOf(code.url as string) }
  }

  await t.test('of eight racers for an enrolment code one wins, and the rest are told that it is used', async () => {
    const codes = await each(30, (n) => freshCode(`racer${n}`, at(n)))
    const racers = Array.from({ length: 8 }, (_, n) => new Browser(at(n)))
    await inTurns(codes, 4, async ({ id, secret }) => {
      const outcomes = await Promise.all(racers.map(async (racer) => codeOf(await racer.try(contract.claimCode, { id, secret }))))
      assert.deepEqual(tally(outcomes), { won: 1, 'code-used': 7 })
    })
    for (const { id } of codes) {
      const code = fromId(id)
      const [row] = await sql(
        `select (select count(*)::int from claim where code_id = $1) as claims,
          (select count(*)::int from event where code_id = $1 and type = 'code.claimed' and outcome = 'success') as won,
          (select count(*)::int from event where code_id = $1 and type = 'code.claimed' and outcome = 'denied') as late,
          (select count(*)::int from notice n join event e on e.id = n.event_id where e.code_id = $1) as notices`,
        [code],
      )
      assert.deepEqual(row, { claims: 1, won: 1, late: 7, notices: 1 })
    }
  })

  await t.test('a double tap of one key on both processes is one claim with one answer', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, secret } = await freshCode(`again${round}`)
      const browser = new Browser(a.origin)
      const answers = await each(8, (n) => browser.at(at(n)).call(contract.claimCode, { id, secret }))
      for (const answer of answers) assert.deepEqual(answer, answers[0])
      assert.equal(codeOf(await new Browser(b.origin).try(contract.claimCode, { id, secret })), 'code-used')
      assert.equal(await count(`select count(*) from claim where code_id = $1`, [fromId(id)]), 1)
    }
  })

  await t.test('a passcode signs one of eight in: one step, one session, one event', async () => {
    const members = await crowd(deployment, 40, 'step')
    await inTurns(members, 4, async (member) => {
      const browsers = await each(8, (n) => halfway(deployment, member, at(n)))
      const code = passcode(member.secret)
      oneWon(await Promise.all(browsers.map(async (browser) => codeOf(await browser.try(contract.proveTotp, { code })))), [
        'totp-replayed',
        'rate-limited', // five guesses are counted before the first is judged
      ])
    })
    assert.equal(await count(`select count(*) from session where user_id = any ($1)`, [members.map(({ id }) => id)]), 40)
    const events = await sql(
      `select user_id, count(*)::int as n from event where type = 'sign-in.totp' and outcome = 'success' and user_id = any ($1) group by 1`,
      [members.map(({ id }) => id)],
    )
    assert.deepEqual([events.length, ...new Set((events as unknown as { n: number }[]).map(({ n }) => n))], [40, 1])
  })

  await t.test('nobody with a right passcode is refused, however the people are spread over the processes', async () => {
    const members = await crowd(deployment, 60, 'right')
    const browsers = await Promise.all(members.map((member, n) => halfway(deployment, member, at(n))))
    const outcomes: string[] = []
    await inTurns(members, 30, async (member, n) => {
      outcomes.push(codeOf(await (browsers[n] as Browser).try(contract.proveTotp, { code: passcode(member.secret) })))
    })
    assert.deepEqual(tally(outcomes), { won: 60 })
  })

  await t.test('sign-in and step-up share the step: of eight tries over both paths one is accepted', async () => {
    for (const member of await crowd(deployment, 6, 'path')) {
      const mine = await signedIn(deployment, member, a.origin)
      await mine.call(contract.stepUp, {})
      await mine.call(contract.provePassword, { password: goodPassword })
      const others = await each(4, (n) => halfway(deployment, member, at(n)))
      const tries = [...others, ...[0, 1, 2, 3].map((n) => mine.at(at(n)))]
      const code = passcode(member.secret)
      const before = await sessionsOf(deployment, member.id)
      oneWon(await Promise.all(tries.map(async (browser) => codeOf(await browser.try(contract.proveTotp, { code })))), [
        'totp-replayed',
        'rate-limited',
        'conflict', // the step-up is complete
      ])
      assert.equal(await sessionsOf(deployment, member.id), before + 1)
    }
  })

  await t.test('a passcode that confirmed a key signs nobody in, and of six confirms one counts', async () => {
    for (let round = 0; round < 4; round++) {
      const { id, secret, user } = await freshCode(`confirmer${round}`)
      const browser = new Browser(a.origin)
      const claimed = await claimKey(browser, { id, secret })
      const code = passcode(claimed.secret)
      const outcomes = await each(6, async (n) =>
        codeOf(
          await browser.at(at(n)).try(contract.confirmEnrolment, { confirm: claimed.confirm, code, password: goodPassword }),
        ),
      )
      oneWon(outcomes, ['code-used'])
      const other = await halfway(deployment, { id: fromId(user.id) }, b.origin)
      assert.equal(codeOf(await other.try(contract.proveTotp, { code })), 'totp-replayed')
      assert.equal(
        await count(`select count(*) from event where type = 'enrolment.confirmed' and outcome = 'success' and user_id = $1`, [
          fromId(user.id),
        ]),
        1,
      )
    }
  })

  await t.test('of six confirms of one’s own new key one counts, and one set of sessions is left', async () => {
    const [member] = (await crowd(deployment, 1, 'replacer')) as [Member]
    const mine = await signedIn(deployment, member, a.origin)
    const fresh = await mine.call(contract.startTotp, {})
    const code = passcode(fresh.secret)
    const outcomes = await each(6, async (n) => codeOf(await mine.at(at(n)).try(contract.confirmTotp, { id: fresh.id, code })))
    oneWon(outcomes, ['no-session', 'not-found', 'totp-replayed', 'session-binding'])
    assert.equal(await count(`select count(*) from session where user_id = $1 and ended_at is null`, [member.id]), 1)
    assert.equal(await count(`select count(*) from totp where user_id = $1 and state = 'active'`, [member.id]), 1)
  })

  await t.test(
    'a step is spent for every key of its person: what the old key took confirms no new one, however they race',
    async () => {
      for (const member of await crowd(deployment, 8, 'oldandnew')) {
        const mine = await signedIn(deployment, member, a.origin)
        const other = await halfway(deployment, member, b.origin)
        const fresh = await mine.call(contract.startTotp, {})
        await settle()
        const outcomes = await Promise.all([
          other.try(contract.proveTotp, { code: passcode(member.secret) }).then(codeOf),
          mine.try(contract.confirmTotp, { id: fresh.id, code: passcode(fresh.secret) }).then(codeOf),
        ])
        oneWon(outcomes, ['totp-replayed', 'factor-wrong', 'conflict'])
        const [row] = await sql(
          `select count(*)::int as n from event where user_id = $1 and outcome = 'success' and type in ('sign-in.totp', 'enrolment.confirmed')`,
          [member.id],
        )
        assert.deepEqual(row, { n: 2 }) // one of them is the sign-in before
      }
    },
  )

  await t.test('a step-up is collected once: one new session takes the place of the old one', async () => {
    for (const member of await crowd(deployment, 6, 'stepup')) {
      const mine = await signedIn(deployment, member, b.origin)
      await mine.call(contract.stepUp, {})
      await mine.call(contract.provePassword, { password: goodPassword })
      const code = passcode(member.secret)
      oneWon(await each(6, async (n) => codeOf(await mine.at(at(n)).try(contract.proveTotp, { code }))), [
        'totp-replayed',
        'rate-limited',
        'conflict',
      ])
      assert.equal(await count(`select count(*) from session where user_id = $1 and ended_at is null`, [member.id]), 1)
      assert.equal((await mine.at(a.origin).call(contract.currentSession, {})).assurance.acr, 'aal2')
    }
  })

  await t.test('of eight uses of one recovery code one opens a session', async () => {
    for (const member of await crowd(deployment, 10, 'recoverer')) {
      const [code] = (await recoverable(deployment, member)) as [string]
      const browsers = await each(8, (n) => halfway(deployment, member, at(n)))
      oneWon(
        await Promise.all(browsers.map(async (browser) => codeOf(await browser.try(contract.proveRecoveryCode, { code })))),
        ['factor-wrong', 'rate-limited'],
      )
      const [row] = await sql(
        `select (select count(*)::int from recovery_code where user_id = $1 and used_at is not null) as used,
          (select count(*)::int from session where user_id = $1) as sessions,
          (select count(*)::int from event where user_id = $1 and type = 'sign-in.recovery-code' and outcome = 'success') as events`,
        [member.id],
      )
      assert.deepEqual(row, { used: 1, sessions: 1, events: 1 })
    }
  })

  await t.test('a sign-in is collected by one factor, where passcode and recovery code arrive at once', async () => {
    for (const member of await crowd(deployment, 12, 'both')) {
      const [recovery] = (await recoverable(deployment, member)) as [string]
      const browser = await halfway(deployment, member, a.origin)
      const outcomes = await Promise.all([
        browser
          .at(a.origin)
          .try(contract.proveTotp, { code: passcode(member.secret) })
          .then(codeOf),
        browser.at(b.origin).try(contract.proveRecoveryCode, { code: recovery }).then(codeOf),
      ])
      oneWon(outcomes, ['conflict'])
      const [row] = await sql(
        `select (select count(*)::int from session where user_id = $1) as sessions,
          (select count(*)::int from event where user_id = $1 and type like 'sign-in.%' and outcome = 'success') as won,
          (select count(*)::int from recovery_code where user_id = $1 and used_at is not null) as used,
          (select count(*)::int from session where user_id = $1 and scope = 'recovery') as recovery`,
        [member.id],
      )
      const { sessions, won, used, recovery: scoped } = row as unknown as Record<string, number>
      assert.deepEqual([sessions, won, used], [1, 1, scoped])
    }
  })

  await t.test(
    'right after its fifth wrong guess an account is not answered, whichever processes and factors are asked',
    async () => {
      const guesses = {
        totp: (browser: Browser) => browser.try(contract.proveTotp, { code: '000000' }),
        'recovery-code': (browser: Browser) => browser.try(contract.proveRecoveryCode, { code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' }),
        password: (browser: Browser) => browser.try(contract.provePassword, { password: 'a wrong password' }),
      } as const
      for (const [factor, guess] of Object.entries(guesses)) {
        const [member] = (await crowd(deployment, 1, `guessed-${factor}`)) as [Member]
        await recoverable(deployment, member)
        const browsers = await each(64, (n) => halfway(deployment, member, at(n)))
        if (factor === 'password')
          await sql(`update sign_in set proved = '{}', user_id = null, username = $2 where user_id = $1`, [
            member.id,
            member.username,
          ])
        const began = performance.now()
        const outcomes = await Promise.all(browsers.map(async (browser) => codeOf(await guess(browser))))
        const seconds = (performance.now() - began) / 1_000
        const { 'factor-wrong': verdicts = 0, 'rate-limited': limited = 0, ...others } = tally(outcomes)
        assert.deepEqual([others, verdicts + limited], [{}, 64])
        // five are free; then one after each wait of 2 s, 4 s …, where this machine took as long
        const allowed = 5 + [2, 6, 14, 30].filter((waited) => seconds >= waited).length
        assert.ok(verdicts <= allowed && verdicts >= 5, `${factor}: ${verdicts} verdicts in ${seconds.toFixed(1)} s`)
      }
    },
  )

  await t.test('an address has its failures and its starts a minute, not once a process', async () => {
    await sql(`update authentication_settings set starts_per_minute = 30, failures_per_minute = 20`)
    const minute = () => count(`select extract(epoch from date_trunc('minute', now()))`)
    /** Tries from an address of its own, again from another where the minute turned meanwhile. */
    const withinAMinute = async (network: string, work: (address: string) => Promise<string[]>): Promise<string[]> => {
      for (let host = 1; ; host++) {
        const before = await minute()
        const outcomes = await work(`${network}.${host}`)
        if ((await minute()) === before) return outcomes
      }
    }
    const from = (address: string, n: number) => {
      const browser = new Browser(at(n))
      browser.headers['x-forwarded-for'] = address
      return browser
    }
    const { id } = await freshCode('unguessable')
    const failures = await withinAMinute('198.51.100', (address) =>
      each(48, async (n) => codeOf(await from(address, n).try(contract.inspectCode, { id, secret: 'wrong' }))),
    )
    assert.deepEqual(tally(failures), { 'code-unknown': 20, 'rate-limited': 28 })
    const starts = await withinAMinute('203.0.113', (address) =>
      each(48, async (n) => codeOf(await from(address, n).try(contract.openSignIn, {}))),
    )
    assert.deepEqual(tally(starts), { won: 30, 'rate-limited': 18 })
    // over its failures nothing of this address is accepted either
    const [member] = (await crowd(deployment, 1, 'behind')) as [Member]
    const right = await withinAMinute('192.0.2', async (address) => {
      await each(20, (n) => from(address, n).try(contract.inspectCode, { id, secret: 'wrong' }))
      const browser = from(address, 1)
      await pendingSignIn(deployment, browser, member)
      return [codeOf(await browser.try(contract.proveTotp, { code: passcode(member.secret) }))]
    })
    assert.deepEqual(right, ['rate-limited'])
    await sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
  })

  await t.test('after the answer to revoke no process takes the code, nor what its claim opened', async () => {
    const counts = { before: 0, after: 0, acceptedAfter: 0 }
    for (let round = 0; round < 10; round++) {
      const { id, secret } = await freshCode(`revoked${round}`)
      const claimer = new Browser(b.origin)
      const claimed = round % 2 === 0 ? await claimKey(claimer, { id, secret }) : undefined
      const racers = await each(4, async (n) => (claimed ? claimer : new Browser(n === 3 ? a.origin : b.origin)))
      const outcome = await deadAfter(
        async (n) => (await (racers[n] as Browser).try(contract.claimCode, { id, secret })).status < 300,
        () => robot(a.origin).call(contract.revokeCode, { id, reason: 'a test' }),
      )
      for (const name of ['before', 'after', 'acceptedAfter'] as const) counts[name] += outcome[name]
      if (claimed) {
        const confirmed = await claimer.try(contract.confirmEnrolment, {
          confirm: claimed.confirm,
          code: passcode(claimed.secret),
          password: goodPassword,
        })
        assert.equal(codeOf(confirmed), 'code-revoked')
      }
    }
    t.diagnostic(`claims around revocations: ${JSON.stringify(counts)}`)
    assert.ok(counts.before > 0 && counts.after > 0)
    assert.equal(counts.acceptedAfter, 0)
  })

  await t.test(
    'after the answer to revoke the code of a device with its results, the device signs in at no process',
    async () => {
      const counts = { before: 0, after: 0, acceptedAfter: 0 }
      for (let round = 0; round < 3; round++) {
        const person = await newPerson(deployment, olga, `phone${round}`)
        // a synced passkey counts nothing, so that many assertions at once are no sign of a copy
        const phone = await enrolPhone(deployment, olga, person, { synced: true })
        const { items } = await robot(a.origin).call(contract.listDevices, { userId: person.id })
        const outcome = await deadAfter(
          async (n) => {
            const desk = new Browser(at(n))
            await desk.call(contract.openSignIn, {})
            const options = await desk.call(contract.signInPasskeyOptions, {})
            const assertion = phone.authenticator.get(options, { origin: at(n) })
            return (await desk.try(contract.provePasskey, { assertion })).status < 300
          },
          () =>
            robot(b.origin).call(contract.revokeCode, { id: items[0]?.codeId as string, reason: 'a test', also: ['results'] }),
        )
        for (const name of ['before', 'after', 'acceptedAfter'] as const) counts[name] += outcome[name]
        const [row] = await sql(
          `select (select count(*)::int from session where user_id = $1 and device_id is not null and ended_at is null) as sessions,
          (select state from device where user_id = $1) as state`,
          [fromId(person.id)],
        )
        assert.deepEqual(row, { sessions: 0, state: 'revoked' })
      }
      t.diagnostic(`sign-ins around revocations with results: ${JSON.stringify(counts)}`)
      assert.ok(counts.before > 0 && counts.after > 0)
      assert.equal(counts.acceptedAfter, 0)
    },
  )

  await t.test('what ends a session on one process ends it on the other, before the answer', async () => {
    const operator = await signIn(deployment, olga, new Browser(a.origin))
    const usr = async (member: Member) =>
      (await operator.call(contract.listUsers, { q: member.username })).items[0] as contract.User
    const ends: Record<string, (member: Member, browser: Browser) => Promise<unknown>> = {
      'signing out': (_member, browser) => browser.at(a.origin).call(contract.signOut, {}),
      'signing out everywhere else': async (member) => {
        const other = await signedIn(deployment, member, a.origin)
        return other.call(contract.endMyOtherSessions, {})
      },
      'an operator who ends it': async (_member, browser) => {
        const { id } = await browser.call(contract.currentSession, {})
        return operator.call(contract.endSession, { id })
      },
      'suspending the person': async (member) => operator.call(contract.suspendUser, { id: (await usr(member)).id }),
      'off-boarding the person': async (member) => operator.call(contract.offboardUser, { id: (await usr(member)).id }),
      'another role': async (member) => {
        const { id, version } = await usr(member)
        return operator.call(contract.updateUser, { id, roles: ['auditor'] }, { headers: { 'if-match': `"${version}"` } })
      },
      'a new password': async (member) => {
        const other = await signedIn(deployment, member, a.origin)
        return other.call(contract.changePassword, { current: goodPassword, new: 'eleven quiet lanterns drift' })
      },
    }
    const total = { before: 0, after: 0, acceptedAfter: 0 }
    for (const [what, end] of Object.entries(ends)) {
      for (const member of await crowd(deployment, 2, `ended-${what.replaceAll(' ', '-')}`)) {
        const browser = await signedIn(deployment, member, b.origin)
        const counts = await deadAfter(
          async () => (await browser.at(b.origin).try(contract.currentSession, {})).status === 200,
          () => end(member, browser),
        )
        assert.equal(counts.acceptedAfter, 0, what)
        for (const name of ['before', 'after', 'acceptedAfter'] as const) total[name] += counts[name]
      }
    }
    t.diagnostic(`session checks around their ends: ${JSON.stringify(total)}`)
    assert.ok(total.before > 20 && total.after > 20)
  })

  await t.test('who is suspended on one process proves nothing on the other, before the answer', async () => {
    const operator = await signIn(deployment, olga, new Browser(a.origin))
    for (const member of await crowd(deployment, 4, 'stopped')) {
      const [recovery] = (await recoverable(deployment, member)) as [string]
      const tries: Browser[] = await each(3, () => halfway(deployment, member, b.origin))
      const user = (await operator.call(contract.listUsers, { q: member.username })).items[0] as contract.User
      await operator.call(contract.suspendUser, { id: user.id })
      const outcomes = await Promise.all([
        (tries[0] as Browser).try(contract.proveTotp, { code: passcode(member.secret) }).then(codeOf),
        (tries[1] as Browser).try(contract.proveRecoveryCode, { code: recovery }).then(codeOf),
        (tries[2] as Browser).try(contract.currentSignIn, {}).then((tried) => tried.value.signIn.state),
      ])
      assert.deepEqual(outcomes, ['conflict', 'conflict', 'failed'])
      assert.equal(await sessionsOf(deployment, member.id), 0)
    }
  })

  await t.test(
    'who is suspended or off-boarded amid all they do has nothing open afterwards, and nobody waits for a deadlock',
    async () => {
      for (const [n, member] of (await crowd(deployment, 8, 'busy')).entries()) {
        const [recovery] = (await recoverable(deployment, member)) as [string]
        const id = toId('usr', member.id)
        const stepping = await signedIn(deployment, member, a.origin)
        const replacing = await signedIn(deployment, member, b.origin)
        await stepping.call(contract.stepUp, {})
        await stepping.call(contract.provePassword, { password: goodPassword })
        const fresh = await replacing.call(contract.startTotp, {})
        const [one, two] = [await halfway(deployment, member, a.origin), await halfway(deployment, member, b.origin)]
        const { code } = await robot(a.origin).call(contract.enrolUser, { id, factor: 'totp' })
        const claimer = new Browser(b.origin)
        const deeds = [
          () => stepping.try(contract.proveTotp, { code: passcode(member.secret) }),
          () => two.try(contract.proveRecoveryCode, { code: recovery }),
          () => replacing.try(contract.confirmTotp, { id: fresh.id, code: passcode(fresh.secret) }),
          () => one.try(contract.proveTotp, { code: passcode(member.secret) }),
          () => claimer.try(contract.claimCode, partsOf(code.url as string)),
          () => stepping.at(b.origin).try(contract.signOut, {}),
          () => robot(b.origin).try(contract.enrolUser, { id, factor: 'totp' }),
        ]
        const end = n % 2 === 0 ? contract.suspendUser : contract.offboardUser
        const under = deeds.map((deed) => deed())
        const ended = await robot(at(n)).try(end, { id })
        assert.equal(ended.status, 200, JSON.stringify(ended.problem))
        const outcomes = (await Promise.all(under)).map((tried) => tried.status)
        assert.ok(
          outcomes.every((status) => status < 500),
          outcomes.join(),
        )
        const [left] = await sql(
          `select (select count(*)::int from session where user_id = $1 and ended_at is null) as sessions,
          (select count(*)::int from sign_in where user_id = $1 and state = 'open') as sign_ins,
          (select count(*)::int from totp where user_id = $1 and state = 'pending') as pending,
          (select count(*)::int from claim where user_id = $1 and ended_at is null) as claims,
          (select count(*)::int from code where user_id = $1 and claimed_at is null and revoked_at is null) as codes`,
          [member.id],
        )
        assert.deepEqual(left, { sessions: 0, sign_ins: 0, pending: 0, claims: 0, codes: 0 })
      }
    },
  )

  await t.test('a service token that was revoked on one process is nobody on the other, before the answer', async () => {
    const operator = await signIn(deployment, olga, new Browser(a.origin))
    for (let round = 0; round < 3; round++) {
      const { id, token } = await operator.call(contract.createToken, { name: `short ${round}`, scopes: ['auditor'] })
      const machines = [0, 1, 2, 3].map((n) => {
        const browser = new Browser(n === 3 ? a.origin : b.origin)
        browser.bearer = token
        return browser
      })
      const counts = await deadAfter(
        async (n) => (await (machines[n] as Browser).try(contract.listRoles, {})).status === 200,
        () => operator.call(contract.revokeToken, { id }),
      )
      assert.ok(counts.after > 0)
      assert.equal(counts.acceptedAfter, 0)
    }
  })

  await t.test('one Idempotency-Key makes one user, one code, one token, and gives one answer', async () => {
    const operator = await signIn(deployment, olga)
    const key = (name: string) => ({ headers: { 'idempotency-key': name } })
    const same = async <E extends Endpoint>(endpoint: E, input: contract.CallIn<E>, name: string) => {
      const answers = await each(8, (n) => operator.at(at(n)).try(endpoint, input, key(name)))
      for (const answer of answers) {
        assert.equal(answer.status, 201, JSON.stringify(answer.problem))
        assert.deepEqual(answer.value, answers[0]?.value)
      }
      return (answers[0] as Tried<E>).value
    }
    const user = await same(contract.createUser, { username: 'once' }, 'a key')
    assert.equal(await count(`select count(*) from users where username = 'once'`), 1)
    assert.equal(await count(`select count(*) from event where type = 'user.created' and user_id = $1`, [fromId(user.id)]), 1)
    const { code } = await same(contract.enrolUser, { id: user.id, factor: 'totp' }, 'another key')
    assert.equal(await count(`select count(*) from code where user_id = $1`, [fromId(user.id)]), 1)
    assert.equal((await new Browser(b.origin).call(contract.inspectCode, partsOf(code.url as string))).state, 'live')
    await same(contract.createToken, { name: 'one token', scopes: ['auditor'] }, 'a third key')
    assert.equal(await count(`select count(*) from service_token where name = 'one token'`), 1)
    const other = await operator.at(b.origin).try(contract.createUser, { username: 'twice' }, key('a key'))
    assert.equal(codeOf(other), 'conflict')
  })

  await t.test('a download is fetched once', async () => {
    const operator = await signIn(deployment, olga)
    for (let round = 0; round < 5; round++) {
      const { url } = await operator.call(contract.createDownload, { path: '/api/events/export?limit=3' })
      const { pathname } = new URL(url)
      const answers = await each(8, async (n) => {
        const answer = await fetch(at(n) + pathname)
        return { status: answer.status, text: await answer.text() }
      })
      const won = answers.filter(({ status }) => status === 200)
      assert.equal(won.length, 1)
      assert.equal(won[0]?.text.trim().split('\n').length, 3)
      assert.ok(answers.every(({ status }) => status === 200 || status === 404))
    }
    const fetches = (outcome: string) =>
      count(`select count(*) from event where type = 'download.fetched' and outcome = $1`, [outcome])
    assert.deepEqual([await fetches('success'), await fetches('failure')], [5, 35])
  })

  await t.test('of two who save with the same ETag one is told to read again', async () => {
    const operator = await signIn(deployment, olga)
    for (let round = 0; round < 5; round++) {
      const read = await operator.try(contract.getAuthenticationSettings, {})
      const { version, withoutSecondFactor: _w, defaultsWarning: _d, ...settings } = read.value
      const ifMatch = { headers: { 'if-match': read.headers.get('etag') as string } }
      const saved = await each(2, (n) =>
        operator.at(at(n)).try(contract.putAuthenticationSettings, { ...settings, issuer: `Issuer ${round}-${n}` }, ifMatch),
      )
      oneWon(saved.map(codeOf), ['precondition-failed'])
      const winner = saved.findIndex(({ status }) => status === 200)
      const now = await operator.at(b.origin).call(contract.getAuthenticationSettings, {})
      assert.deepEqual([now.version, now.issuer], [version + 1, `Issuer ${round}-${winner}`])
    }
    const user = await operator.call(contract.createUser, { username: 'edited' })
    const edits = await each(4, (n) =>
      operator.at(at(n)).try(contract.updateUser, { id: user.id, displayName: `E. ${n}` }, { headers: { 'if-match': '"1"' } }),
    )
    oneWon(edits.map(codeOf), ['precondition-failed'])
  })

  await t.test('two owners who suspend, off-board or demote each other at once leave one who can sign in', async () => {
    const deeds = {
      suspend: (browser: Browser, id: string) => browser.try(contract.suspendUser, { id }),
      offboard: (browser: Browser, id: string) => browser.try(contract.offboardUser, { id }),
      demote: (browser: Browser, id: string) =>
        browser.try(contract.updateUser, { id, roles: ['user'] }, { headers: { 'if-match': '"1"' } }),
    } as const
    let first: Person = olga
    for (const [name, deed] of Object.entries(deeds)) {
      const second = await newPerson(deployment, { ...first, browser: await signIn(deployment, first) }, `owner-${name}`, [
        'owner',
      ])
      const mine = await signIn(deployment, first, new Browser(a.origin))
      await sql(`update users set version = 1`)
      const outcomes = (await Promise.all([deed(mine, second.id), deed(second.browser.at(b.origin), first.id)])).map(codeOf)
      const left = (await sql(
        `select u.username from users u join user_role r on r.user_id = u.id and r.role = 'owner' where u.state = 'active'`,
      )) as unknown as { username: string }[]
      assert.equal(left.length, 1, JSON.stringify(outcomes))
      oneWon(outcomes, ['conflict', 'no-session', 'not-allowed'])
      first = left[0]?.username === first.username ? first : second
    }
  })

  await t.test('no statement of all this deadlocked, and every event has one dense place in the log', async () => {
    t.diagnostic(JSON.stringify(await wholeLog(sql)))
    assert.equal(await count(`select deadlocks from pg_stat_database where datname = current_database()`), 0)
    for (const { output } of [a, b]) assert.equal(output().includes('a bug'), false, output())
  })
})

test('of two first operators who confirm at once, on two processes, one becomes the owner and the other is told', async () => {
  const deployment = await startDeployment()
  const { sql, count, at } = deployment
  for (let round = 0; round < 4; round++) {
    // a code that was claimed is no longer ended by the next one's issue: so two can stand before their confirmation
    const claims = []
    for (let n = 0; n < 2; n++) {
      const browser = new Browser(at(n + round))
      const { id, secret } = partsOf(await deployment.bootstrapUrl())
      claims.push({
        browser,
        claimed: await claimKey(browser, { id, secret, username: `first${round}${n}`, factor: 'totp' }),
      })
    }
    const outcomes = await Promise.all(
      claims.map(async ({ browser, claimed }) =>
        codeOf(
          await browser.try(contract.confirmEnrolment, {
            confirm: claimed.confirm,
            code: passcode(claimed.secret),
            password: goodPassword,
            signIn: true,
          }),
        ),
      ),
    )
    oneWon(outcomes, ['code-revoked'])
    assert.equal(
      await count(
        `select count(*) from user_role r join users u on u.id = r.user_id where r.role = 'owner' and u.state = 'active'`,
      ),
      1,
    )
    assert.equal(await count(`select count(*) from session`), 1)
    assert.equal(await count(`select count(*) from event where type = 'enrolment.confirmed' and outcome = 'success'`), round + 1)
    // an empty deployment again, for the next two
    await sql(`delete from users`)
  }
})

test('the live stream of one process hears what the other did within a second, and goes on elsewhere without a gap', async (t) => {
  const deployment = await startDeployment()
  const { a, b } = deployment
  const olga = await firstOperator(deployment)
  const robot = (await machine(olga))(a.origin)
  const stream = await liveStream(olga.browser.at(b.origin))
  const delays: number[] = []
  for (let n = 0; n < 12; n++) {
    const { id } = await robot.call(contract.createUser, { username: `heard${n}` })
    const answeredAt = performance.now()
    delays.push((await stream.until((event) => event.subject?.id === id)) - answeredAt)
  }
  delays.sort((one, two) => one - two)
  t.diagnostic(`heard after ${delays.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  assert.ok((delays[6] as number) < 1_000, 'the median')
  assert.ok((delays.at(-1) as number) < 2_000, 'a missed notification costs a poll of a second')
  stream.close()
  await stream.ended

  // away meanwhile, then at the other process: what was missed comes first
  const missed = await each(20, (n) => robot.call(contract.createUser, { username: `missed${n}` }))
  const resumed = await liveStream(olga.browser.at(a.origin), stream.lastId())
  for (const { id } of missed) await resumed.until((event) => event.subject?.id === id)
  // and where the process is asked to stop, the stream ends in order and goes on at the one that is left
  const stopped = a.kill('SIGTERM')
  await resumed.ended
  await stopped
  assert.equal(a.child.exitCode, 0, a.output())
  const last = await liveStream(olga.browser.at(b.origin), resumed.lastId())
  const other = (await machine({ ...olga, browser: olga.browser.at(b.origin) }))(b.origin)
  const { id } = await other.call(contract.createUser, { username: 'after' })
  await last.until((event) => event.subject?.id === id)
  const seen = [...stream.events, ...resumed.events, ...last.events].map(({ seq }) => seq as number)
  assert.deepEqual(
    seen,
    seen.map((_, n) => (seen[0] as number) + n),
    'dense, in order, each once',
  )
  last.close()
})

test('two order loops, one of them killed again and again, give every event one place in a dense order', async (t) => {
  const deployment = await startDeployment()
  const { a, sql } = deployment
  const robot = await machine(await firstOperator(deployment))
  let b = deployment.b
  let over = false
  const created: string[] = []
  const writer = async (n: number) => {
    const one = robot(a.origin)
    for (let made = 0; !over; made++) {
      // the last of these writers asks the process that dies
      const to = n === 3 ? robot(b.origin) : one
      await to.call(contract.createUser, { username: `w${n}-${made}` }).then(
        ({ id }) => created.push(fromId(id)),
        () => undefined,
      )
    }
  }
  const writers = each(4, writer)
  for (let round = 0; round < 4; round++) {
    const before = created.length
    await eventually(
      async () => created.length,
      (now) => now > before + 20,
    )
    await b.kill('SIGKILL')
    b = await startProcess(deployment.env)
  }
  over = true
  await writers
  t.diagnostic(`${JSON.stringify(await wholeLog(sql))}, ${created.length} acknowledged`)
  const recorded = (await sql(
    `select user_id, count(*)::int as n from event where type = 'user.created' and outcome = 'success' group by 1`,
  )) as unknown as {
    user_id: string
    n: number
  }[]
  const counts = new Map(recorded.map(({ user_id, n }) => [user_id, n]))
  for (const id of created) assert.equal(counts.get(id), 1)
})
