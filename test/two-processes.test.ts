import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { Browser } from './support/browser.ts'
import { crowd, pendingSignIn } from './support/crowd.ts'
import { firstOperator, newPerson, partsOf, passcode, signIn } from './support/people.ts'
import { startProcess, startServer } from './support/server.ts'

/** Two server processes beside the one of the test, all on one database. */
const deployment = async () => {
  const server = await startServer()
  const env = { DATABASE_URL: server.databaseUrl, POSTERN_KEY_FILE: server.keyFile, POSTERN_BOOTSTRAP: 'off' }
  const [a, b] = await Promise.all([startProcess(env), startProcess(env)])
  await server.sql(`update authentication_settings set starts_per_minute = 100000, failures_per_minute = 100000`)
  return { server, origins: [a.origin, b.origin] as const, a, b }
}
const each = <T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)))
const tally = (outcomes: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
const codeOf = (tried: { status: number; problem: { code: string } }): string => (tried.status < 300 ? 'won' : tried.problem.code)

test('over two processes, what works once works once', async (t) => {
  const { server, origins, a } = await deployment()
  const olga = await firstOperator(server)
  const at = (n: number) => origins[n % 2] as string

  await t.test('of eight racers for an enrolment code one wins, and the rest are told that it is used', async () => {
    const codes = await each(12, async (n) => {
      const user = await olga.browser.call(contract.createUser, { username: `racer${n}` })
      return (await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })).code
    })
    for (const code of codes) {
      const outcomes = await each(8, async (n) =>
        codeOf(await new Browser(at(n)).try(contract.claimCode, partsOf(code.url as string))),
      )
      assert.deepEqual(tally(outcomes), { won: 1, 'code-used': 7 })
    }
    const claimed = await server.sql(`select count(*)::int as n from claim`)
    assert.equal((claimed[0] as { n: number }).n, 13)
  })

  await t.test('the claiming key gets its answer again from the other process, and nobody else does', async () => {
    const user = await olga.browser.call(contract.createUser, { username: 'again' })
    const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
    const browser = new Browser(origins[0])
    const first = await browser.call(contract.claimCode, partsOf(code.url as string))
    const again = await browser.at(origins[1]).call(contract.claimCode, partsOf(code.url as string))
    assert.deepEqual(again, first)
    assert.equal(codeOf(await new Browser(origins[1]).try(contract.claimCode, partsOf(code.url as string))), 'code-used')
  })

  await t.test('a passcode signs one of eight in: one step, one session, one event', async () => {
    const members = await crowd(server, 25, 'step')
    await Promise.all(
      members.map(async (member) => {
        const browsers = await each(8, async (n) => {
          const browser = new Browser(at(n))
          await pendingSignIn(server, browser, member)
          return browser
        })
        // the limit is not what is tried here: each guess is right
        const code = passcode(member.secret)
        const outcomes = await Promise.all(
          browsers.map(async (browser) => codeOf(await browser.try(contract.proveTotp, { code }))),
        )
        const counts = tally(outcomes)
        assert.equal(counts.won, 1, JSON.stringify(counts))
        assert.equal((counts['totp-replayed'] ?? 0) + (counts['rate-limited'] ?? 0), 7, JSON.stringify(counts))
      }),
    )
    const [row] =
      (await server.sql(`select (select count(*)::int from session where acr = 'aal2' and user_id in (select id from users where username like 'step%')) as sessions,
      (select count(*)::int from event where type = 'sign-in.totp' and outcome = 'success') as events`)) as unknown as {
        sessions: number
        events: number
      }[]
    assert.deepEqual(row, { sessions: 25, events: 25 })
  })

  await t.test('of sixteen uses of one recovery code one opens a session', async () => {
    const vera = await newPerson(server, olga, 'vera')
    const outcomes = await each(16, async (n) => {
      const browser = new Browser(at(n))
      await pendingSignIn(server, browser, { id: (await idOf(server, 'vera')) as string })
      return codeOf(await browser.try(contract.proveRecoveryCode, { code: vera.recoveryCodes[0] as string }))
    })
    assert.equal(tally(outcomes).won, 1, JSON.stringify(tally(outcomes)))
  })

  await t.test('at most five of 64 wrong passcodes get a verdict, however many processes are asked', async () => {
    const [member] = await crowd(server, 1, 'guessed')
    const outcomes = await each(64, async (n) => {
      const browser = new Browser(at(n))
      await pendingSignIn(server, browser, member as { id: string })
      return codeOf(await browser.try(contract.proveTotp, { code: '000000' }))
    })
    const counts = tally(outcomes)
    assert.ok((counts['factor-wrong'] ?? 0) <= 5, JSON.stringify(counts))
    assert.equal((counts['factor-wrong'] ?? 0) + (counts['rate-limited'] ?? 0), 64)
  })

  await t.test('after the answer to revoke no process takes the code', async () => {
    for (let round = 0; round < 6; round++) {
      const user = await olga.browser.call(contract.createUser, { username: `revoked${round}` })
      const { code } = await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })
      let revokedAt = Number.POSITIVE_INFINITY
      const claims = each(12, async (n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 4))
        const sentAt = performance.now()
        const outcome = codeOf(await new Browser(at(n)).try(contract.claimCode, partsOf(code.url as string)))
        return { sentAt, outcome }
      })
      await olga.browser.call(contract.revokeCode, { id: code.id, reason: 'a test' })
      revokedAt = performance.now()
      for (const { sentAt, outcome } of await claims) if (sentAt > revokedAt) assert.equal(outcome, 'code-revoked')
    }
  })

  await t.test('a session that ended on one process is dead on the other at once', async () => {
    const [member] = await crowd(server, 1, 'ended')
    for (let round = 0; round < 8; round++) {
      await server.sql(`update totp set last_step = 0 where user_id = $1`, [(member as { id: string }).id])
      const browser = new Browser(origins[0])
      await pendingSignIn(server, browser, member as { id: string })
      await browser.call(contract.proveTotp, { code: passcode((member as { secret: string }).secret) })
      const other = browser.at(origins[1])
      assert.equal((await other.try(contract.currentSession, {})).status, 200)
      let endedAt = Number.POSITIVE_INFINITY
      const checks = each(30, async () => {
        const sentAt = performance.now()
        return { sentAt, status: (await other.try(contract.currentSession, {})).status }
      })
      await browser.call(contract.signOut, {})
      endedAt = performance.now()
      const late = await each(5, async () => ({
        sentAt: performance.now(),
        status: (await browser.at(origins[1]).try(contract.currentSession, {})).status,
      }))
      for (const { sentAt, status } of [...(await checks), ...late]) if (sentAt > endedAt) assert.equal(status, 401)
    }
  })

  await t.test('one Idempotency-Key makes one user, whichever processes are asked', async () => {
    const operator = await signIn(server, olga)
    const key = { 'idempotency-key': 'the same' }
    const answers = await each(8, (n) => operator.at(at(n)).try(contract.createUser, { username: 'once' }, { headers: key }))
    assert.equal(new Set(answers.map((answer) => answer.value.id)).size, 1)
    assert.ok(answers.every(({ status }) => status === 201))
    assert.equal(((await server.sql(`select count(*)::int as n from users where username = 'once'`))[0] as { n: number }).n, 1)
  })

  await t.test('two owners who suspend each other at once leave one', async () => {
    const other = await newPerson(server, olga, 'owner2', ['owner'])
    const mine = await olga.browser.call(contract.currentSession, {})
    const outcomes = await Promise.all([
      olga.browser.at(at(0)).try(contract.suspendUser, { id: other.id }),
      other.browser.at(at(1)).try(contract.suspendUser, { id: mine.user.id }),
    ])
    const left = await server.sql(
      `select count(*)::int as n from users u join user_role r on r.user_id = u.id and r.role = 'owner' where u.state = 'active'`,
    )
    assert.equal((left[0] as { n: number }).n, 1, JSON.stringify(outcomes.map(codeOf)))
  })

  await t.test('every event has one dense place in the log, whichever process ordered it', async () => {
    const deadline = Date.now() + 10_000
    for (;;) {
      const [row] =
        (await server.sql(`select (select count(*)::int from pending) as waiting, (select count(*)::int from event) as events, (select size::int from log_head where stream = 1) as size,
        (select count(distinct i)::int from log_batch, unnest(ids) i) as placed, (select coalesce(sum(n), 0)::int from log_batch where stream = 1) as dense`)) as unknown as Record<
          string,
          number
        >[]
      if (row?.waiting === 0) {
        assert.deepEqual([row.size, row.placed, row.dense], [row.events, row.events, row.events])
        break
      }
      assert.ok(Date.now() < deadline, JSON.stringify(row))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

  await t.test('a server that is asked to stop answers what is in flight', async () => {
    const [member] = await crowd(server, 1, 'draining')
    const browsers = await each(20, async () => {
      const browser = new Browser(a.origin)
      await pendingSignIn(server, browser, member as { id: string })
      return browser
    })
    const answers = browsers.map((browser) =>
      browser.try(contract.currentSignIn, {}).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    const stopped = a.kill('SIGTERM')
    const statuses = await Promise.all(answers)
    await stopped
    // each either got its whole answer or no connection at all; none was cut off in the middle
    assert.ok(
      statuses.every((status) => status === 200 || status === 0),
      statuses.join(),
    )
    assert.equal(a.child.exitCode, 0, a.output())
  })
})

const idOf = async (
  server: { sql: (text: string, values?: unknown[]) => Promise<unknown[]> },
  username: string,
): Promise<string | undefined> =>
  ((await server.sql(`select id from users where username = $1`, [username]))[0] as { id: string } | undefined)?.id
