import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { afterPassword, said } from './support/attack.ts'
import type { Browser } from './support/browser.ts'
import {
  claimKey,
  enrolByCode,
  firstOperator,
  forgetStep,
  goodPassword,
  newPerson,
  type Person,
  partsOf,
  passcode,
  signIn,
} from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const otto = await newPerson(server, olga, 'otto', ['operator'])

type Settings = contract.CallIn<typeof contract.putAuthenticationSettings>
const read = async (browser: Browser = olga.browser) => {
  const tried = await browser.try(contract.getAuthenticationSettings, {})
  const { version: _, withoutSecondFactor: __, defaultsWarning: ___, ...settings } = tried.value
  return { settings: settings as Settings, etag: tried.headers.get('etag') as string, shown: tried.value }
}
const put = async (more: Partial<Settings>, by: Browser = olga.browser) => {
  const { settings, etag } = await read(by)
  return by.try(contract.putAuthenticationSettings, { ...settings, ...more }, { headers: { 'if-match': etag } })
}
const save = async (more: Partial<Settings>): Promise<void> => {
  const tried = await put(more)
  assert.equal(said(tried), '200', JSON.stringify(tried.problem))
}
const everybody = { roles: ['user', 'auditor', 'operator', 'owner'] as contract.Role[], from: null }
const nobody = { roles: [] as contract.Role[], from: null }

test('out of the box enrolment is on, everybody needs a second factor, and apps get what all of them understand', async () => {
  const { settings, shown } = await read()
  assert.equal(settings.enrolment, true)
  assert.deepEqual([...settings.secondFactor.roles].sort(), [...everybody.roles].sort())
  assert.deepEqual(settings.totp, { algorithm: 'SHA1', digits: 6, periodSeconds: 30 })
  assert.deepEqual(settings.addressLimits, { startsPerMinute: 300, failuresPerMinute: 120 })
  assert.equal(shown.defaultsWarning, false)
})

test('a day of the year 0000, which the database has not, is refused by the field that holds it', async () => {
  const from = '0000-01-01T00:00:00.000Z'
  const saved = await put({ secondFactor: { ...nobody, from } })
  assert.deepEqual([saved.status, saved.problem?.errors?.[0]?.path], [422, 'secondFactor.from'])
  const queued = await olga.browser.try(contract.reEnrolUsers, { userIds: [olga.id], from, reason: 'a test' })
  assert.deepEqual([queued.status, queued.problem?.errors?.[0]?.path], [422, 'from'])
})

test('a save names the version that was read: without it 428, with an older one 412, and one of two at once wins', async () => {
  const { settings, etag } = await read()
  const send = (ifMatch: string | undefined, more: Partial<Settings> = {}) =>
    olga.browser.try(
      contract.putAuthenticationSettings,
      { ...settings, ...more },
      ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } },
    )
  const missing = await send(undefined)
  assert.equal(missing.status, 428)
  assert.equal(said(missing), 'if-match-missing')
  for (const wrong of ['"999"', '*', 'x', '""', etag.replaceAll('"', '')]) {
    const tried = await send(wrong)
    assert.equal(tried.status, 412, wrong)
    assert.equal(said(tried), 'precondition-failed')
  }
  const answers = await Promise.all([send(etag, { issuer: 'One' }), send(etag, { issuer: 'Two' })])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412])
  await save({ issuer: 'Postern' })
})

test('what is no setting is refused at its field', async () => {
  for (const [more, path] of [
    [{ issuer: '' }, 'issuer'],
    [{ issuer: 'a:b' }, 'issuer'],
    [{ totpRenewalDays: 0 }, 'totpRenewalDays'],
    [{ totp: { algorithm: 'MD5', digits: 6, periodSeconds: 30 } }, 'totp.algorithm'],
    [{ totp: { algorithm: 'SHA1', digits: 7, periodSeconds: 30 } }, 'totp.digits'],
    [{ addressLimits: { startsPerMinute: 0, failuresPerMinute: 1 } }, 'addressLimits.startsPerMinute'],
    [{ secondFactor: { roles: ['root'], from: null } }, 'secondFactor.roles.0'],
    [{ secondFactor: { roles: [], from: 'tomorrow' } }, 'secondFactor.from'],
    [{ surprise: true }, 'surprise'],
  ] as const) {
    const tried = await put(more as never)
    assert.equal(said(tried), 'invalid-request', path)
    assert.ok(
      tried.problem.errors?.some((error) => error.path === path),
      JSON.stringify(tried.problem.errors),
    )
  }
})

test('a demand for what is switched off cannot be saved (R5)', async () => {
  const refused = await put({ enrolment: false })
  assert.equal(said(refused), 'conflict')
  assert.equal(refused.problem.errors?.[0]?.path, 'secondFactor.roles')
  const renewing = await put({ enrolment: false, secondFactor: nobody, totpRenewalDays: 90 })
  assert.equal(said(renewing), 'conflict')
  assert.equal(renewing.problem.errors?.[0]?.path, 'totpRenewalDays')
  assert.equal((await read()).settings.enrolment, true)
})

test('rules for operators and owners are an owner’s; the rest an operator may save, freshly', async () => {
  for (const more of [
    { secondFactor: nobody },
    { secondFactor: { ...everybody, roles: ['user', 'auditor', 'operator'] as contract.Role[] } },
    { secondFactor: { ...everybody, from: '2099-01-01T00:00:00.000Z' } },
    { enrolment: false, secondFactor: nobody },
  ])
    assert.equal(said(await put(more, otto.browser)), 'not-allowed', JSON.stringify(more))
  assert.equal(said(await put({ secondFactor: { ...everybody, roles: ['auditor', 'operator', 'owner'] } }, otto.browser)), '200')
  await save({ secondFactor: everybody })
  await server.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'otto')`,
  )
  const stale = await put({ issuer: 'Other' }, otto.browser)
  assert.equal(said(stale), 'step-up-required')
  assert.equal(stale.problem.maxAge, 300)
  await signIn(server, otto, otto.browser)
})

test('a change is on record with what it was and became', async () => {
  await save({ totpRenewalDays: 400 })
  await save({ totpRenewalDays: null })
  const { items } = await olga.browser.call(contract.listEvents, { type: 'settings.changed', limit: 2, outcome: 'success' })
  assert.deepEqual(items[0]?.detail.changed, ['totpRenewalDays'])
  assert.equal(items[0]?.detail['totpRenewalDays.from'], '400')
  assert.equal(items[0]?.detail['totpRenewalDays.to'], 'null')
})

test('a save that changes nothing is no change: nothing is written or recorded, however it is spelt', async () => {
  const recorded = async () =>
    (await olga.browser.call(contract.listEvents, { type: 'settings.changed', limit: 200 })).items.length
  const authentication = await read()
  const sent = await olga.browser.try(
    contract.putAuthenticationSettings,
    {
      ...authentication.settings,
      secondFactor: {
        ...authentication.settings.secondFactor,
        roles: [...authentication.settings.secondFactor.roles].reverse(),
      },
    },
    { headers: { 'if-match': authentication.etag } },
  )
  const devices = async (more: Partial<contract.DeviceSettings>) => {
    const { version, ...now } = await olga.browser.call(contract.getDeviceSettings, {})
    return olga.browser.try(contract.putDeviceSettings, { ...now, ...more }, { headers: { 'if-match': `"${version}"` } })
  }
  const codes = async (more: Partial<contract.CodeSettings>) => {
    const { version, ...now } = await olga.browser.call(contract.getCodeSettings, {})
    return olga.browser.try(contract.putCodeSettings, { ...now, ...more }, { headers: { 'if-match': `"${version}"` } })
  }
  const model = 'EE882879-721C-4913-9775-3DFCCE97072A'
  const firsts = [
    await devices({ startNetworks: ['10.0.0.0/8', '192.168.7.0/24'], models: [model.toLowerCase()] }),
    await codes({ linkHosts: ['żółw.example', 'example.org'] }),
  ]
  const before = await recorded()
  const again = [
    await devices({ startNetworks: ['192.168.7.9/24', '10.0.0.0/8'], models: [model] }),
    await codes({ linkHosts: ['example.org', 'Żółw.example', 'example.org'] }),
  ]
  assert.deepEqual([sent.status, sent.headers.get('etag')], [200, authentication.etag])
  for (const [n, { status, headers, value }] of again.entries()) {
    assert.equal(status, 200)
    assert.equal(headers.get('etag'), firsts[n]?.headers.get('etag'))
    assert.deepEqual(value, firsts[n]?.value)
  }
  assert.equal(await recorded(), before)
  // who read an older state is told of the newer one all the same
  const { settings } = await read()
  await save({ issuer: 'Elsewhere' })
  await save({ issuer: 'Postern' })
  const late = await olga.browser.try(contract.putAuthenticationSettings, settings, {
    headers: { 'if-match': authentication.etag },
  })
  assert.equal(said(late), 'precondition-failed')
  await devices({ startNetworks: [], models: [] })
  await codes({ linkHosts: [] })
})

/** Somebody with a password alone, whom nothing demands more of yet. */
const singleFactor = async (username: string, roles: contract.Role[] = ['user']): Promise<Person> => {
  const person = await newPerson(server, olga, username, roles)
  await server.sql(
    `update totp set state = 'retired', sealed = null where user_id = (select id from users where username = $1)`,
    [username],
  )
  await server.sql(`delete from recovery_code where user_id = (select id from users where username = $1)`, [username])
  person.browser = server.browser()
  return person
}

test('a demand that begins is met on every path: new sign-ins, sessions of one factor, the API', async () => {
  await save({ secondFactor: { roles: ['owner'], from: null } })
  const person = await singleFactor('bare', ['auditor'])
  await person.browser.call(contract.openSignIn, {})
  const done = await person.browser.call(contract.provePassword, { username: 'bare', password: person.password })
  assert.equal(done.signIn.state, 'complete')
  assert.equal(done.signIn.assurance?.acr, 'aal1')
  assert.equal(said(await person.browser.try(contract.listUsers, {})), '200')
  const { token } = await olga.browser.call(contract.createToken, { name: 'machine', scopes: ['auditor'] })
  const machine = server.browser()
  machine.bearer = token as string

  // from a day to come: not yet
  await save({ secondFactor: { roles: ['owner', 'auditor'], from: new Date(Date.now() + 3_600_000).toISOString() } })
  assert.equal(said(await person.browser.try(contract.listUsers, {})), '200')
  await save({ secondFactor: { roles: ['owner', 'auditor'], from: new Date(Date.now() - 1_000).toISOString() } })
  assert.equal((await read()).shown.withoutSecondFactor, 1)
  assert.equal(
    (await olga.browser.call(contract.listUsers, { due: 'true' })).items.map(({ username }) => username).join(),
    'bare',
  )

  // the session that there is can do nothing but enrol
  for (const endpoint of [contract.listUsers, contract.myFactors, contract.mySessions, contract.myNotices, contract.listEvents]) {
    const refused = await person.browser.try(endpoint, {})
    assert.equal(said(refused), 'step-up-required', endpoint.path)
    assert.equal(refused.problem.acr, 'aal2')
  }
  assert.equal(said(await person.browser.try(contract.createDownload, { path: '/api/events/export' })), 'step-up-required')
  // a step-up cannot go round it: it asks for the factor too
  await person.browser.call(contract.stepUp, {})
  const stepped = await person.browser.call(contract.provePassword, { password: person.password })
  assert.equal(stepped.signIn.state, 'enrolment-required')
  // and a new sign-in leads to the wizard, which nothing but enrolling leads out of
  const fresh = server.browser()
  await fresh.call(contract.openSignIn, {})
  const asked = await fresh.call(contract.provePassword, { username: 'bare', password: person.password })
  assert.equal(asked.signIn.state, 'enrolment-required')
  assert.deepEqual(asked.signIn.next, ['enrol-passkey', 'enrol-totp'])
  for (const endpoint of [contract.currentSession, contract.listUsers, contract.myFactors])
    assert.equal(said(await fresh.try(endpoint, {})), 'no-session')
  assert.equal(said(await fresh.try(contract.proveTotp, { code: '123456' })), 'conflict')
  const made = await fresh.call(contract.startTotp, {})
  await forgetStep(server, person)
  const confirmed = await fresh.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  assert.equal(confirmed.signIn?.state, 'complete')
  assert.equal(confirmed.recoveryCodes?.length, 10)
  assert.equal((await fresh.call(contract.currentSession, {})).assurance.acr, 'aal2')
  assert.equal(said(await fresh.try(contract.listUsers, {})), '200')
  assert.equal(said(await person.browser.try(contract.currentSession, {})), 'no-session')
  assert.equal(said(await machine.try(contract.listUsers, {})), '200')
  await save({ secondFactor: everybody })
})

test('the last factor that policy demands cannot be removed; where nothing demands it, it can, with the recovery codes', async () => {
  const person = await newPerson(server, olga, 'remover')
  const elsewhere = await signIn(server, person)
  assert.equal(said(await person.browser.try(contract.removeTotp, {})), 'conflict')
  await save({ secondFactor: { roles: ['owner', 'operator', 'auditor'], from: null } })
  assert.equal(said(await person.browser.try(contract.removeTotp, {})), '204')
  assert.equal(said(await elsewhere.try(contract.currentSession, {})), 'no-session')
  assert.equal(said(await person.browser.try(contract.removeTotp, {})), 'not-found')
  const factors = await person.browser.call(contract.myFactors, {})
  assert.equal(factors.totp, null)
  assert.equal(factors.recoveryCodes.left, 0)
  assert.equal(said(await person.browser.try(contract.renewRecoveryCodes, {})), 'conflict')
  const again = server.browser()
  await again.call(contract.openSignIn, {})
  assert.equal(
    (await again.call(contract.provePassword, { username: 'remover', password: person.password })).signIn.state,
    'complete',
  )
  await save({ secondFactor: everybody })
})

test('enrolment that is off is off everywhere it could be offered', async () => {
  const pending = await newPerson(server, olga, 'in-flight')
  const open = partsOf((await olga.browser.call(contract.enrolUser, { id: pending.id, factor: 'totp' })).code.url as string)
  const claimedUser = await olga.browser.call(contract.createUser, { username: 'claimed' })
  const claimer = server.browser()
  const claimed = await claimKey(
    claimer,
    partsOf((await olga.browser.call(contract.enrolUser, { id: claimedUser.id, factor: 'totp' })).code.url as string),
  )
  const started = await pending.browser.call(contract.startTotp, {})
  const bare = await singleFactor('switched-off')
  await save({ enrolment: false, secondFactor: nobody })
  try {
    const attempts: [string, () => Promise<{ status: number; problem: contract.Problem }>][] = [
      ['a code for a person', () => olga.browser.try(contract.enrolUser, { id: pending.id, factor: 'totp' })],
      ['a reset by code', () => olga.browser.try(contract.enrolUser, { id: pending.id, factor: 'totp', resetPassword: true })],
      ['a claim', () => server.browser().try(contract.claimCode, open)],
      ['a claim again', () => claimer.try(contract.claimCode, open)],
      [
        'a confirmation',
        () =>
          claimer.try(contract.confirmEnrolment, {
            confirm: claimed.confirm,
            code: passcode(claimed.secret),
            password: goodPassword,
          }),
      ],
      ['one’s own key', () => pending.browser.try(contract.startTotp, {})],
      ['confirming it', () => pending.browser.try(contract.confirmTotp, { id: started.id, code: passcode(started.secret) })],
      ['another phone', () => pending.browser.try(contract.enrolAnotherPhone, { factor: 'totp' })],
    ]
    for (const [what, attempt] of attempts) {
      const tried = await attempt()
      assert.equal(said(tried), 'enrolment-off', what)
      assert.equal(tried.status, 409)
    }
    assert.equal((await server.browser().call(contract.deploymentInfo, {})).enrolment, false)
    assert.equal((await pending.browser.call(contract.myFactors, {})).enrolment, false)
    await bare.browser.call(contract.openSignIn, {})
    const done = await bare.browser.call(contract.provePassword, { username: 'switched-off', password: bare.password })
    assert.equal(done.signIn.state, 'complete')
    // factors that there are go on working
    await signIn(server, pending)
  } finally {
    await save({ enrolment: true, secondFactor: everybody })
  }
  // nothing was burnt by the refusals
  assert.equal(said(await server.browser().try(contract.claimCode, open)), '200')
  const confirmed = await claimer.try(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret),
    password: goodPassword,
  })
  assert.equal(said(confirmed), '200')
})

test('a key older than the policy allows is renewed: the sign-in says so, and the old one works until the new is confirmed', async () => {
  const person = await newPerson(server, olga, 'aged')
  await server.sql(
    `update totp set confirmed_at = now() - interval '91 days' where user_id = (select id from users where username = 'aged')`,
  )
  await save({ totpRenewalDays: 90 })
  const browser = await afterPassword(server.browser(), person)
  await forgetStep(server, person)
  const answer = await browser.call(contract.proveTotp, { code: passcode(person.secret) })
  assert.equal(answer.signIn.renewal, 'totp')
  assert.equal((await browser.call(contract.currentSession, {})).renewal, 'totp')
  assert.ok(Date.parse((await browser.call(contract.myFactors, {})).totp?.renewBy as string) < Date.now())
  const made = await browser.call(contract.startTotp, {})
  await signIn(server, person)
  await forgetStep(server, person)
  await browser.call(contract.confirmTotp, { id: made.id, code: passcode(made.secret) })
  assert.equal((await browser.call(contract.currentSession, {})).renewal, undefined)
  await save({ totpRenewalDays: null })
})

test('new keys are made as the settings say, old ones stay as they are, and what many apps ignore is warned of', async () => {
  const before = await newPerson(server, olga, 'before')
  await save({ totp: { algorithm: 'SHA256', digits: 8, periodSeconds: 60 }, issuer: 'Ärzte & Co' })
  assert.equal((await read()).shown.defaultsWarning, true)
  const user = await olga.browser.call(contract.createUser, { username: 'after' })
  const browser = server.browser()
  const claimed = await claimKey(
    browser,
    partsOf((await olga.browser.call(contract.enrolUser, { id: user.id, factor: 'totp' })).code.url as string),
  )
  assert.deepEqual(claimed.settings, { issuer: 'Ärzte & Co', label: 'after', algorithm: 'SHA256', digits: 8, periodSeconds: 60 })
  assert.ok(claimed.otpauthUrl.includes('issuer=%C3%84rzte%20%26%20Co&algorithm=SHA256&digits=8&period=60'))
  await browser.call(contract.confirmEnrolment, {
    confirm: claimed.confirm,
    code: passcode(claimed.secret, { algorithm: 'SHA256', digits: 8, period: 60 }),
    password: goodPassword,
  })
  await signIn(server, before)
  await save({ totp: { algorithm: 'SHA1', digits: 6, periodSeconds: 30 }, issuer: 'Postern' })
})

test('the first link still enrols an operator while nobody could be locked in: a demand never leaves the deployment without an owner', async () => {
  const later = await enrolByCode(server.browser(), await server.bootstrapUrl(), { username: 'second-operator' })
  assert.deepEqual(later.confirmed.user.roles, ['operator'])
  assert.equal(said(await olga.browser.try(contract.removeTotp, {})), 'conflict')
})

test('each setting that a record may name has words, in both languages', () => {
  for (const language of ['en', 'pl'] as const) {
    const file = new URL(`../web/src/i18n/${language}/events.json`, import.meta.url)
    const { setting } = JSON.parse(readFileSync(file, 'utf8')) as { setting: Record<string, string> }
    for (const { input } of [contract.putAuthenticationSettings, contract.putDeviceSettings, contract.putCodeSettings])
      for (const name of Object.keys(input.shape)) assert.ok(setting[name], `${name} (${language})`)
  }
})
