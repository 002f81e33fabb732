import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import pg from 'pg'
import { afterPassword, atOnce, said, tallied } from './support/attack.ts'
import { Browser, type Tried } from './support/browser.ts'
import { eventually, startDeployment, wholeLog } from './support/deployment.ts'
import { eitherKindInTurn, ofKind } from './support/either-kind.ts'
import { firstOperator, newPerson } from './support/people.ts'
import {
  askPhone,
  type Claimed,
  enrolPhone,
  forgetScans,
  hear,
  liveFrames,
  type Phone,
  type Screen,
  uuidOf,
} from './support/phones.ts'
import type { TestServer } from './support/server.ts'

/** The newest frames of a screen, for a phone that has read no other of late. */
const framesOf = async (deployment: Pick<TestServer, 'sql'>, screen: Screen) => {
  await forgetScans(deployment)
  return liveFrames(deployment, screen)
}

test('over two processes a phone’s request is claimed, approved and collected once', async (t) => {
  const deployment = await startDeployment()
  const { a, b, at, count, sql } = deployment
  const olga = await firstOperator(deployment)
  const ada = await newPerson(deployment, olga, 'ada')
  const held = await enrolPhone(deployment, olga, ada)
  // synced passkeys count nothing, so that many assertions at once are no sign of a copy
  const uncounted = await enrolPhone(deployment, olga, ada, { synced: true })
  const phoneOf = (synced: boolean): Phone => (synced ? uncounted : held)
  const assertionAt = (origin: string, options: contract.RequestOptions, which: Phone) =>
    which.authenticator.get(options, { origin })
  const claimAt = async (origin: string, screen: Screen, which: Phone) =>
    which.browser.at(origin).call(contract.claimCode, await framesOf(deployment, screen)) as Promise<Claimed>
  const approveAt = (origin: string, claimed: Claimed, match: string, which: Phone) =>
    which.browser.at(origin).try(contract.approveRequest, {
      confirm: claimed.confirm,
      assertion: assertionAt(origin, claimed.options, which),
      match,
    })
  const sessionsBy = ({ code }: Screen): Promise<number> =>
    count(`select count(*) from session where code_id = $1`, [uuidOf(code.id)])

  await t.test('of eight phones that claim at once one has it, and the rest are told that it was used', async () => {
    const racers = Array.from({ length: 8 }, (_, n) => new Browser(at(n)))
    for (let round = 0; round < 10; round++) {
      const screen = await askPhone(new Browser(at(round)))
      const frames = await framesOf(deployment, screen)
      const outcomes = await Promise.all(racers.map(async (racer) => said(await racer.try(contract.claimCode, frames))))
      assert.deepEqual(tallied(outcomes), { '200': 1, 'code-used': 7 })
      const id = uuidOf(screen.code.id)
      assert.equal(await count(`select count(*) from claim where code_id = $1`, [id]), 1)
      const won = `select count(*) from event where code_id = $1 and type = 'code.claimed' and outcome = 'success'`
      assert.equal(await count(won, [id]), 1)
    }
  })

  await t.test(
    '"this was not me" of a request that was taken back is told once, by eight calls on two processes, and by no stranger',
    async () => {
      const desk = new Browser(a.origin)
      const screen = await askPhone(desk)
      const { confirm } = await claimAt(a.origin, screen, held)
      await desk.at(b.origin).call(contract.openQr, {})
      const notMe = async (browser: Browser) => said(await browser.try(contract.declineRequest, { confirm, reason: 'not-me' }))
      const calls = await atOnce(8, async (n) =>
        n % 4 === 3 ? `stranger: ${await notMe(new Browser(at(n)))}` : await notMe(held.browser.at(at(n))),
      )
      const strangers = calls.filter((call) => call.startsWith('stranger'))
      assert.ok(strangers.length === 2 && strangers.every((call) => call !== 'stranger: 200'), JSON.stringify(calls))
      const own = calls.filter((call) => !call.startsWith('stranger'))
      assert.ok(own.includes('200') && own.every((call) => ['200', 'code-used'].includes(call)), JSON.stringify(calls))
      const told = `select count(*) from notice n join event e on e.id = n.event_id where n.kind = 'not-me' and e.code_id = $1`
      assert.equal(await count(told, [uuidOf(screen.code.id)]), 1)
    },
  )

  await t.test('a double tap of one phone on both processes is one claim with one answer', async () => {
    for (let round = 0; round < 5; round++) {
      const screen = await askPhone(new Browser(a.origin))
      const frames = await framesOf(deployment, screen)
      const answers = await atOnce(6, (n) => held.browser.at(at(n)).call(contract.claimCode, frames))
      for (const answer of answers) assert.deepEqual(answer, answers[0])
    }
  })

  await t.test(
    'of codes that one sign-in asks for at once, on both processes, the last one stands and the screen follows it',
    async () => {
      for (let round = 0; round < 10; round++) {
        const desk = new Browser(at(round))
        const { signIn } = await desk.call(contract.openSignIn, {})
        const asked = await atOnce(8, (n) => desk.at(at(n)).call(contract.openQr, {}))
        const open = await sql(`select code_id from approval where sign_in_id = $1 and state = 'open'`, [uuidOf(signIn.id)])
        assert.equal(open.length, 1)
        const live = await sql(`select id from code where sign_in_id = $1 and expires_at > now()`, [uuidOf(signIn.id)])
        assert.deepEqual([live.length, live[0]?.id], [1, open[0]?.code_id])
        const stands = asked.find(({ code }) => uuidOf(code.id) === live[0]?.id) as Screen
        const heard = await hear(desk)
        await claimAt(at(round), stands, held)
        await eventually(
          async () => heard.told.map(({ event }) => event),
          (told) => told.join() === 'scanned,claimed',
        )
        heard.close()
      }
    },
  )

  await t.test(
    'of eight approvals with one assertion one is taken; of eight collections one opens a session',
    eitherKindInTurn(async (synced) => {
      const phone = phoneOf(synced)
      for (let round = 0; round < 8; round++) {
        const desk = new Browser(a.origin)
        const screen = await askPhone(desk)
        const claimed = await claimAt(at(round), screen, phone)
        // signed for one process's page: the other refuses the origin, so all go to one or the other
        const origin = at(round)
        const assertion = assertionAt(origin, claimed.options, phone)
        const approval = { confirm: claimed.confirm, assertion, match: screen.match }
        const outcomes = await atOnce(8, async () => said(await phone.browser.at(origin).try(contract.approveRequest, approval)))
        const { '200': taken, ...others } = tallied(outcomes)
        assert.equal(taken, 1, JSON.stringify(tallied(outcomes)))
        for (const name of Object.keys(others)) assert.ok(['factor-wrong', 'code-used'].includes(name), name)
        const approved = `select count(*) from event where code_id = $1 and type = 'approval.approved' and outcome = 'success'`
        assert.equal(await count(approved, [uuidOf(screen.code.id)]), 1)

        const collected = await atOnce(8, async (n) => said(await desk.at(at(n)).try(contract.collectSignIn, {})))
        assert.deepEqual(tallied(collected), { '200': 1, conflict: 7 })
        assert.equal(await sessionsBy(screen), 1)
      }
    }),
  )

  await t.test(
    'one challenge is spent once, whichever process sees it',
    eitherKindInTurn(async (synced) => {
      const phone = phoneOf(synced)
      for (let round = 0; round < 6; round++) {
        const screen = await askPhone(new Browser(a.origin))
        const claimed = await claimAt(a.origin, screen, phone)
        const outcomes = await atOnce(6, async (n) => said(await approveAt(at(n), claimed, screen.match, phone)))
        const { '200': taken, ...others } = tallied(outcomes)
        assert.equal(taken, 1, JSON.stringify(tallied(outcomes)))
        for (const name of Object.keys(others)) assert.ok(['factor-wrong', 'code-used'].includes(name), name)
      }
    }),
  )

  await t.test(
    'wrong numbers at once never get more than three verdicts, and the third is the last',
    eitherKindInTurn(async (synced) => {
      const phone = phoneOf(synced)
      for (let round = 0; round < 4; round++) {
        const screen = await askPhone(new Browser(b.origin))
        const claimed = await claimAt(a.origin, screen, phone)
        const numbers = Array.from({ length: 90 }, (_, n) => String(n + 10)).filter((number) => number !== screen.match)
        let verdicts = 0
        let options: contract.RequestOptions | undefined = claimed.options
        while (options) {
          const asked: contract.RequestOptions = options
          // as many as challenges are kept of a request: each that loses asks for one more
          const tries = await atOnce(5, (n) =>
            approveAt(at(n), { ...claimed, options: asked }, numbers[(verdicts * 5 + n) % numbers.length] as string, phone),
          )
          const told = tries.filter(({ problem }) => problem.errors?.some(({ path }) => path === 'match'))
          verdicts += told.length
          options = told[0]?.problem.options as contract.RequestOptions | undefined
          assert.ok(tries.every(({ status }) => status >= 400))
        }
        assert.equal(verdicts, 3)
        assert.equal(said(await approveAt(a.origin, claimed, screen.match, phone)), 'code-used')
        const [row] = await sql(`select state, why, match_tries from approval where code_id = $1`, [uuidOf(screen.code.id)])
        assert.deepEqual(row, { state: 'failed', why: 'number', match_tries: 3 })
      }
    }),
  )

  /** Desks whose requests this phone has claimed, every second one approved too. */
  const desksOf = async (which: Phone, size: number) => {
    const desks = []
    for (let n = 0; n < size; n++) {
      const desk = new Browser(b.origin)
      const screen = await askPhone(desk)
      const claimed = await claimAt(b.origin, screen, which)
      const approved = n % 2 === 0
      if (approved) assert.equal(said(await approveAt(b.origin, claimed, screen.match, which)), '200')
      desks.push({ desk, screen, claimed, approved })
    }
    return desks
  }
  type Desks = Awaited<ReturnType<typeof desksOf>>
  /** Approves and collects at one process while `deed` runs at the other; answers what was accepted after its answer. */
  const acceptedAfter = async (desks: Desks, which: Phone, deed: () => Promise<unknown>) => {
    let answeredAt = Number.POSITIVE_INFINITY
    const counts = { before: 0, after: 0, late: 0 }
    const timed = async (call: () => Promise<{ status: number }>) => {
      const sentAt = performance.now()
      const { status } = await call()
      if (sentAt <= answeredAt) counts.before++
      else counts.after++
      if (sentAt > answeredAt && status < 300) counts.late++
    }
    const queue = [...desks]
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { desk, screen, claimed, approved } = next
        if (!approved) await timed(() => approveAt(b.origin, claimed, screen.match, which))
        await timed(() => desk.try(contract.collectSignIn, {}))
      }
    }
    // a passkey that counts signs one thing after the other: out of turn its counter would be the sign of a copy
    const workers = Promise.all(Array.from({ length: which.authenticator.counter === 'zero' ? 3 : 1 }, worker))
    // in the midst of it
    await eventually(
      async () => queue.length,
      (left) => left <= desks.length / 2,
    )
    await deed()
    answeredAt = performance.now()
    await workers
    for (const { desk } of desks) assert.equal(said(await desk.try(contract.currentSession, {})), 'no-session')
    return counts
  }

  await t.test(
    'after the answer to "lost" at one process the other approves and collects nothing, and no session of it lives',
    eitherKindInTurn(async (synced) => {
      for (let round = 0; round < 2; round++) {
        const hers = await enrolPhone(deployment, olga, ada, { synced })
        const desks = await desksOf(hers, 24)
        const counts = await acceptedAfter(desks, hers, () =>
          olga.browser.call(contract.reportDeviceLost, { id: hers.deviceId, reason: 'a drill' }),
        )
        assert.equal(counts.late, 0, JSON.stringify(counts))
        assert.ok(counts.before > 0 && counts.after > 0, JSON.stringify(counts))
        assert.equal(
          await count(`select count(*) from session where device_id = $1 and ended_at is null`, [uuidOf(hers.deviceId)]),
          0,
        )
        assert.equal(
          await count(`select count(*) from approval where device_id = $1 and state = 'approved'`, [uuidOf(hers.deviceId)]),
          0,
        )
      }
    }),
  )

  await t.test(
    'after the answer to a suspension nothing of the person is approved or collected',
    eitherKindInTurn(async (synced) => {
      const bea = await newPerson(deployment, olga, ofKind('bea', synced))
      const hers = await enrolPhone(deployment, olga, bea, { synced })
      const desks = await desksOf(hers, 16)
      const counts = await acceptedAfter(desks, hers, () => olga.browser.call(contract.suspendUser, { id: bea.id }))
      assert.equal(counts.late, 0, JSON.stringify(counts))
    }),
  )

  await t.test(
    'a code that is revoked while it is approved and collected elsewhere opens nothing that lives',
    eitherKindInTurn(async (synced) => {
      const phone = phoneOf(synced)
      for (let round = 0; round < 12; round++) {
        const desk = new Browser(b.origin)
        const screen = await askPhone(desk)
        const claimed = await claimAt(b.origin, screen, phone)
        const assertion = assertionAt(b.origin, claimed.options, phone)
        const revoke = () => olga.browser.call(contract.revokeCode, { id: screen.code.id, reason: 'a drill' })
        const use = async () => {
          const approval = { confirm: claimed.confirm, assertion, match: screen.match }
          const { status } = await phone.browser.at(b.origin).try(contract.approveRequest, approval)
          return status < 300 ? said(await desk.try(contract.collectSignIn, {})) : 'refused'
        }
        await Promise.all(round % 3 === 0 ? [use(), revoke()] : [revoke(), use()])
        assert.equal(said(await desk.try(contract.currentSession, {})), 'no-session')
        assert.equal(said(await desk.try(contract.collectSignIn, {})), 'conflict')
        assert.notEqual(said(await approveAt(b.origin, claimed, screen.match, phone)), '200')
      }
    }),
  )

  await t.test('a counter that ran backwards in one of many uses at once ends the device once', async () => {
    const cy = await newPerson(deployment, olga, 'cy')
    const his = await enrolPhone(deployment, olga, cy)
    const desks = await atOnce(6, async (n) => {
      const desk = new Browser(at(n))
      await desk.call(contract.openSignIn, {})
      return { desk, options: await desk.call(contract.signInPasskeyOptions, {}) }
    })
    // all tell the same counter, as an authenticator and its copies would
    const outcomes = await Promise.all(
      desks.map(async ({ desk, options }) => {
        const assertion = his.authenticator.get(options, { origin: desk.origin }, { tamper: { counter: 7 } })
        return said(await desk.try(contract.provePasskey, { assertion }))
      }),
    )
    assert.deepEqual(tallied(outcomes), { '200': 1, 'factor-wrong': 5 })
    const cloned = `select count(*) from event where type = 'device.cloned' and user_id = $1`
    assert.equal(await count(cloned, [uuidOf(cy.id)]), 1)
    for (const { desk } of desks) assert.equal(said(await desk.try(contract.currentSession, {})), 'no-session')
  })

  await t.test('a passkey that is synced counts nothing: of many uses at once all sign in, and it goes on', async () => {
    const cyd = await newPerson(deployment, olga, 'cyd')
    const hers = await enrolPhone(deployment, olga, cyd, { synced: true })
    const outcomes = await atOnce(6, async (n) => {
      const desk = new Browser(at(n))
      await desk.call(contract.openSignIn, {})
      const assertion = assertionAt(desk.origin, await desk.call(contract.signInPasskeyOptions, {}), hers)
      return said(await desk.try(contract.provePasskey, { assertion }))
    })
    assert.deepEqual(tallied(outcomes), { '200': 6 })
    assert.equal(await count(`select count(*) from event where type = 'device.cloned' and user_id = $1`, [uuidOf(cyd.id)]), 0)
    assert.equal(await count(`select count(*) from device where id = $1 and state = 'active'`, [uuidOf(hers.deviceId)]), 1)
  })

  await t.test(
    'a waiting screen of one process hears within a second what a phone did at the other',
    eitherKindInTurn(async (synced) => {
      const phone = phoneOf(synced)
      for (let round = 0; round < 3; round++) {
        const desk = new Browser(a.origin)
        const screen = await askPhone(desk)
        const live = await hear(desk)
        const heard = (type: string) =>
          eventually(
            async () => live.told.map(({ event }) => event),
            (told) => told.includes(type),
            1_000,
          )
        const claimed = await claimAt(b.origin, screen, phone)
        await heard('claimed')
        assert.equal(said(await approveAt(b.origin, claimed, screen.match, phone)), '200')
        await heard('approved')
        await live.ended
        assert.equal((await desk.at(b.origin).call(contract.collectSignIn, {})).signIn.state, 'complete')
      }
    }),
  )

  await t.test(
    'a stream outlives the connection that its process listens by, and misses nothing',
    eitherKindInTurn(async (synced) => {
      const phone = phoneOf(synced)
      const listening = `select pid from pg_stat_activity where application_name = 'postern-listen' and datname = current_database()`
      const desk = new Browser(a.origin)
      const screen = await askPhone(desk)
      const live = await hear(desk)
      const before = await sql(listening)
      assert.ok(before.length >= 2, JSON.stringify(before))
      await sql(`select pg_terminate_backend(pid) from (${listening}) l`)
      // at once, while nobody listens
      const claimed = await claimAt(b.origin, screen, phone)
      assert.equal(said(await approveAt(b.origin, claimed, screen.match, phone)), '200')
      await eventually(
        async () => live.told.map(({ event }) => event),
        (told) => told.includes('approved'),
        8_000,
      )
      await live.ended
      // and it is told at once again
      const gone = new Set(before.map(({ pid }) => pid))
      await eventually(
        () => sql(listening),
        (now) => now.length >= before.length && now.every(({ pid }) => !gone.has(pid)),
      )
      const next = new Browser(a.origin)
      const second = await askPhone(next)
      const again = await hear(next)
      await claimAt(b.origin, second, phone)
      await eventually(
        async () => again.told.map(({ event }) => event),
        (told) => told.includes('claimed'),
        1_000,
      )
      again.close()
    }),
  )

  /** The request of a screen is held until each deed in turn waits, for it or for another deed: in whatever order they lock rows, it shows. */
  const meeting = async ({ code }: Screen, ...deeds: (() => Promise<Tried<contract.Endpoint>>)[]): Promise<string[]> => {
    const holder = new pg.Client({ connectionString: deployment.databaseUrl })
    await holder.connect()
    await holder.query('begin')
    await holder.query('select from approval where code_id = $1 for update', [uuidOf(code.id)])
    const running: Promise<string>[] = []
    for (const deed of deeds) {
      running.push(deed().then(said))
      await eventually(
        () =>
          count(
            `select count(*) from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
          ),
        (waiting) => waiting >= running.length,
      )
    }
    await holder.query('commit')
    await holder.end()
    return Promise.all(running)
  }
  await t.test(
    'whatever ends a person or device waits for a collection or is waited for, and neither is ended by a deadlock',
    eitherKindInTurn(async (synced) => {
      const cleo = await newPerson(deployment, olga, ofKind('cleo', synced))
      const cleos = await enrolPhone(deployment, olga, cleo, { synced })
      const approved = async () => {
        const desk = await afterPassword(new Browser(a.origin), cleo)
        const screen = await desk.call(contract.openQr, {})
        const claimed = await claimAt(b.origin, screen, cleos)
        assert.equal(said(await approveAt(b.origin, claimed, screen.match, cleos)), '200')
        return { desk, screen }
      }
      const operator = olga.browser.at(b.origin)
      const { desk, screen } = await approved()
      const suspend = () => operator.try(contract.suspendUser, { id: cleo.id })
      assert.deepEqual(await meeting(screen, () => desk.try(contract.collectSignIn, {}), suspend), ['200', '200'])
      assert.equal(said(await desk.try(contract.currentSession, {})), 'no-session')
      await operator.call(contract.resumeUser, { id: cleo.id })

      const other = await approved()
      assert.deepEqual(await meeting(other.screen, suspend, () => other.desk.try(contract.collectSignIn, {})), [
        '200',
        'conflict',
      ])
      await operator.call(contract.resumeUser, { id: cleo.id })

      const last = await approved()
      const lost = () => operator.try(contract.reportDeviceLost, { id: cleos.deviceId })
      assert.deepEqual(await meeting(last.screen, () => last.desk.try(contract.collectSignIn, {}), lost), ['200', '200'])
      assert.equal(said(await last.desk.try(contract.currentSession, {})), 'no-session')
    }),
  )

  await t.test('a screen that asks for a new code while a phone claims the one before: one waits for the other', async () => {
    for (const phoneFirst of [true, false]) {
      const desk = new Browser(a.origin)
      const screen = await askPhone(desk)
      const frames = await framesOf(deployment, screen)
      const claim = () => held.browser.at(b.origin).try(contract.claimCode, frames)
      const ask = () => desk.try(contract.openQr, {})
      const outcomes = phoneFirst ? await meeting(screen, claim, ask) : (await meeting(screen, ask, claim)).reverse()
      assert.deepEqual(outcomes, [phoneFirst ? '200' : 'code-expired', '200'])
    }
  })

  await t.test('under load on both processes collections, suspensions and new codes meet, and all get an answer', async () => {
    const people = await atOnce(6, (n) => newPerson(deployment, olga, `dora${n}`))
    // of either kind, so that those that write their counter meet those that have none
    const phones = await Promise.all(people.map((person, n) => enrolPhone(deployment, olga, person, { synced: n % 2 === 0 })))
    for (let round = 0; round < 4; round++) {
      const ready = await Promise.all(
        people.map(async (person, n) => {
          const desk = await afterPassword(new Browser(at(n)), person)
          const screen = await desk.call(contract.openQr, {})
          const claimed = await claimAt(at(n + round), screen, phones[n] as Phone)
          assert.equal(said(await approveAt(at(n + round), claimed, screen.match, phones[n] as Phone)), '200')
          return { desk, person }
        }),
      )
      const answers = await Promise.all(
        ready.flatMap(({ desk, person }, n) => [
          desk.at(at(n)).try(contract.collectSignIn, {}),
          desk.at(at(n + 1)).try(contract.openQr, {}),
          olga.browser.at(at(n + 1)).try(contract.suspendUser, { id: person.id }),
        ]),
      )
      const told = tallied(answers.map(said))
      for (const name of Object.keys(told)) assert.ok(['200', 'conflict', 'no-session'].includes(name), JSON.stringify(told))
      assert.ok(Number(told['200']) >= people.length)
      await Promise.all(people.map(({ id }) => olga.browser.call(contract.resumeUser, { id })))
    }
  })

  await t.test('a process that is killed between the steps, or within them, loses nothing that it acknowledged', async () => {
    // a person each, for before a person one request is open
    const phones: Phone[] = []
    for (let n = 0; n < 12; n++)
      phones.push(await enrolPhone(deployment, olga, await newPerson(deployment, olga, `killed${n}`), { synced: n % 2 === 0 }))
    const desks = await Promise.all(
      phones.map(async (phone) => {
        const desk = new Browser(a.origin)
        const screen = await askPhone(desk)
        return { desk, screen, phone, claimed: await claimAt(a.origin, screen, phone) }
      }),
    )
    // all approve at once at the process that is killed meanwhile: some hear of it, some do not
    const racing = desks.map(({ screen, phone, claimed }) =>
      approveAt(a.origin, claimed, screen.match, phone).then(
        ({ status }) => status === 200,
        () => false,
      ),
    )
    await Promise.race(racing)
    await a.kill('SIGKILL')
    const heard = await Promise.all(racing)
    for (const [n, { desk, screen }] of desks.entries()) {
      const collected = said(await desk.at(b.origin).try(contract.collectSignIn, {}))
      if (heard[n]) assert.equal(collected, '200')
      else assert.ok(['200', 'conflict'].includes(collected), collected)
      assert.equal(await sessionsBy(screen), collected === '200' ? 1 : 0)
      assert.equal(said(await desk.at(b.origin).try(contract.collectSignIn, {})), 'conflict')
    }
    assert.ok(heard.some(Boolean))
  })

  await t.test('no statement of all this deadlocked, and every event has one dense place in the log', async () => {
    assert.equal(await count(`select deadlocks from pg_stat_database where datname = current_database()`), 0)
    assert.doesNotMatch(a.output() + b.output(), /deadlock/i)
    await wholeLog(sql)
  })
})
