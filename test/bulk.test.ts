import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { unzipSync } from 'fflate'
import sharp from 'sharp'
import { fromId, toId } from '../server/src/platform/ids.ts'
import { atOnce, raw, said } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { readSymbols } from './support/chromium.ts'
import { scratchFolder } from './support/cluster.ts'
import { crowd } from './support/crowd.ts'
import { eventually, machine, startDeployment, wholeLog } from './support/deployment.ts'
import { claimKey, firstOperator, newPerson, partsOf } from './support/people.ts'
import { startProcess } from './support/server.ts'
import { pictureOf } from './support/symbol-files.ts'

const deployment = await startDeployment()
const olga = await firstOperator(deployment)
const robot = await machine(olga)

type Job = contract.BulkJob
const job = (id: string, by = olga.browser): Promise<Job> => by.call(contract.getBulkJob, { id })
const over = ({ state }: Job) => state === 'done' || state === 'failed' || state === 'cancelled'
const ended = (id: string, ms = 60_000): Promise<Job> => eventually(() => job(id, robot(deployment.b.origin)), over, ms)
const bulk = async (input: contract.CallIn<typeof contract.bulkCodes>, by = olga.browser): Promise<Job> =>
  (await by.call(contract.bulkCodes, input)) as Job
const links = async (count: number, label: string): Promise<contract.Code[]> => {
  const made: contract.Code[] = []
  for (let at = 0; at < count; at += 20)
    made.push(
      ...(await atOnce(Math.min(20, count - at), (n) =>
        robot(deployment.at(n)).call(contract.createCode, {
          kind: 'link',
          label: `${label} ${at + n}`,
          destination: { type: 'url', url: `https://www.example.org/${at + n}` },
        }),
      )),
    )
  return made
}
const open = async (origin: string, id: string) => (await raw(origin, 'GET', `/c/${id}`)).status
const errors = async (id: string, by = robot(deployment.a.origin)): Promise<string[]> =>
  (await by.send('GET', `/api/bulk/${id}/errors`)).text.trimEnd().split('\r\n')

test('a dry run says how many and which, and changes nothing', async () => {
  await links(25, 'dry')
  const before = await deployment.count(`select count(*) from code where revoked_at is not null`)
  const tried = await olga.browser.try(contract.bulkCodes, { action: 'revoke', filter: { q: 'dry' }, dryRun: true })
  assert.deepEqual([tried.status, tried.value.total, tried.value.sample?.length, tried.value.id], [200, 25, 20, undefined])
  assert.match(tried.value.sample?.[0]?.label ?? '', /^dry 2\d$/)
  assert.equal(await deployment.count(`select count(*) from code where revoked_at is not null`), before)
  assert.equal(await deployment.count(`select count(*) from bulk_job`), 0)
})

test('what is not whole is refused by name', async () => {
  const [code] = await links(1, 'whole')
  const ids = [code?.id as string]
  const cases: [contract.CallIn<typeof contract.bulkCodes>, RegExp][] = [
    [{ action: 'revoke', ids }, /reason: revoke asks for it/],
    [{ action: 'revoke', reason: 'x' }, /ids: revoke takes one of ids and filter/],
    [{ action: 'revoke', ids, filter: {}, reason: 'x' }, /takes one of/],
    [{ action: 'issue', ids }, /ids: issue takes one of userIds/],
    [{ action: 'edit', ids }, /change: edit asks for it/],
    [{ action: 'edit', ids, change: {} }, /change: says nothing/],
    [{ action: 'reissue', ids, change: { label: 'x' } }, /change.label: a re-issue takes/],
    [{ action: 'edit', ids, change: { label: 'x' }, also: ['results'] }, /also: edit does not take it/],
    [{ action: 'print', ids, expiresInMinutes: 5 }, /expiresInMinutes: print does not take it/],
  ]
  for (const [input, words] of cases) {
    const tried = await olga.browser.try(contract.bulkCodes, input)
    assert.equal(tried.status, 422, JSON.stringify(input))
    assert.match((tried.problem.errors ?? []).map(({ path, message }) => `${path}: ${message}`).join(), words)
  }
  const none = await olga.browser.try(contract.bulkCodes, { action: 'revoke', filter: { q: 'nothing so called' }, reason: 'x' })
  assert.equal(said(none), 'conflict')
})

test('a set that was revoked is dead on both processes, before the answer, under load', async () => {
  const printed = await links(60, 'printed')
  const people = await crowd(deployment, 60, 'claimer')
  const issued = async (n: number) => {
    const { code } = await robot(deployment.at(n)).call(contract.enrolUser, {
      id: toId('usr', people[n]?.id as string),
      factor: 'totp',
    })
    return partsOf(code.url as string)
  }
  // more at once than the database is asked for are refused on a busy machine, and are not what is tried here
  const secrets: ReturnType<typeof partsOf>[] = []
  for (let n = 0; n < 60; n += 6) secrets.push(...(await atOnce(6, (at) => issued(n + at))))
  let answeredAt = Number.POSITIVE_INFINITY
  const counts = { before: 0, opened: 0, claimedAfter: 0, openedAfter: 0, triedAfter: 0 }
  let stop = false
  const racer = async (at: number) => {
    for (let n = at; !stop; n++) {
      const sentAt = performance.now()
      const late = sentAt > answeredAt
      if (n % 2 === 0) {
        const ok = (await open(deployment.at(n >> 1), printed[n % printed.length]?.id as string)) === 302
        if (late) counts.triedAfter++
        if (ok && late) counts.openedAfter++
        if (ok && !late) counts.opened++
      } else {
        const secret = secrets[(n * 7) % secrets.length] as { id: string; secret: string }
        // those that are not claimed before the revocation: one in five is tried early, the rest only after
        if (!late && n % 5 !== 0) continue
        const tried = await new Browser(deployment.at(n >> 1)).try(contract.claimCode, secret)
        if (late) counts.triedAfter++
        if (tried.status < 300 && late) counts.claimedAfter++
        if (tried.status < 300 && !late) counts.before++
      }
      await new Promise(setImmediate)
    }
  }
  const racers = Array.from({ length: 8 }, (_, at) => racer(at))
  await eventually(
    async () => counts.opened,
    (opened) => opened > 40,
  )
  const done = await bulk({
    action: 'revoke',
    ids: [...printed.map(({ id }) => id), ...secrets.map(({ id }) => id)],
    reason: 'an incident',
  })
  answeredAt = performance.now()
  assert.deepEqual([done.state, done.total, done.done, done.failed], ['done', 120, 120, 0])
  await eventually(
    async () => counts.triedAfter,
    (tried) => tried > 200,
  )
  stop = true
  await Promise.all(racers)
  assert.deepEqual([counts.claimedAfter, counts.openedAfter], [0, 0], JSON.stringify(counts))
  assert.ok(counts.before > 0 && counts.opened > 40, JSON.stringify(counts))
  // each code has an event of its own, and the reason lies where erasure reaches it
  assert.equal(
    await deployment.count(`select count(*) from event where type = 'code.revoked' and entry::jsonb->'detail'->>'job' = $1`, [
      done.id,
    ]),
    120,
  )
  assert.equal(await deployment.count(`select count(*) from event where entry like '%an incident%'`), 0)
  await wholeLog(deployment.sql)
})

test('more than ten, or all that a person looks after, asks for fresh authentication; a machine has it from its maker', async () => {
  const made = await links(12, 'fresh')
  const ids = made.map(({ id }) => id)
  const elder = await newPerson(deployment, olga, 'elder', ['operator'])
  await deployment.sql(
    `update session set proved_at = now() - interval '6 min' where user_id = (select id from users where username = 'elder')`,
  )
  const tried = await elder.browser.try(contract.bulkCodes, { action: 'revoke', ids, reason: 'x' })
  assert.deepEqual([said(tried), tried.problem.maxAge], ['step-up-required', 300])
  const whole = await elder.browser.try(contract.bulkCodes, { action: 'revoke', filter: { owner: elder.id }, reason: 'x' })
  assert.equal(said(whole), 'conflict', 'nothing is hers')
  await links(1, 'hers')
  await deployment.sql(`update code set owner_id = (select id from users where username = 'elder') where label = 'hers 0'`)
  assert.equal(
    said(await elder.browser.try(contract.bulkCodes, { action: 'revoke', filter: { owner: elder.id }, reason: 'x' })),
    'step-up-required',
  )
  const few = await bulk({ action: 'revoke', ids: ids.slice(0, 2), reason: 'x' }, elder.browser)
  assert.deepEqual([few.state, few.done], ['done', 2])
  const machines = await bulk({ action: 'revoke', ids, reason: 'x' }, robot(deployment.a.origin))
  assert.deepEqual([machines.state, machines.done, machines.by], ['done', 12, 'test operator'])
  assert.equal(
    await deployment.count(
      `select count(*) from code_version where changed = '{revoked}' and code_id in (select id from code where label like 'fresh %')`,
    ),
    12,
    'what was revoked before is not revoked again',
  )
})

test('in a set nobody revokes codes of people with more rights: these rows say so, the others are revoked', async () => {
  const helper = await newPerson(deployment, olga, 'helper', ['operator'])
  const hers = await olga.browser.call(contract.createUser, { username: 'second-owner', roles: ['owner'] })
  const { code } = await olga.browser.call(contract.enrolUser, { id: hers.id, factor: 'totp' })
  const [free] = await links(1, 'free')
  const gone = `cod_0${'0'.repeat(25)}`
  const done = await bulk({ action: 'revoke', ids: [code.id, free?.id as string, gone], reason: 'x' }, helper.browser)
  assert.deepEqual([done.state, done.done, done.failed], ['done', 1, 2])
  assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).state, 'live')
  const [head, ...rows] = await errors(done.id)
  assert.equal(head, 'row,id,problem,why')
  assert.deepEqual(rows, [
    `1,${code.id},not-allowed,The code is for a person with more rights.`,
    `3,${gone},not-found,There is no such code.`,
  ])
})

test('in a set a link that was issued again is refused by name, unless the code that took its place is in it too', async () => {
  const [one, two] = await links(2, 'replaced')
  const next = async (id: string) => (await olga.browser.call(contract.reissueCode, { id })).code.id
  const [first, second] = [await next(one?.id as string), await next(two?.id as string)]
  const done = await bulk({ action: 'revoke', ids: [one?.id as string, two?.id as string, second], reason: 'x' })
  assert.deepEqual([done.state, done.done, done.failed], ['done', 2, 1])
  const [, ...rows] = await errors(done.id)
  assert.deepEqual(rows.length, 1)
  assert.match(rows[0] as string, new RegExp(`^1,${one?.id},conflict,.*issued again as ${first},.*Revoke ${first} instead`))
  assert.deepEqual(
    [await open(deployment.a.origin, one?.id as string), await open(deployment.b.origin, two?.id as string)],
    [302, 410],
  )
})

test('a filter issues one code a person again, and none that has ended unless its state is asked for', async () => {
  const enrol = async (id: string) =>
    (await olga.browser.call(contract.enrolUser, { id, factor: 'totp', expiresInMinutes: 60 })).code.id
  const people = []
  for (const username of ['rows1', 'rows2']) people.push((await olga.browser.call(contract.createUser, { username })).id)
  const [first = '', second = ''] = people
  const old = [await enrol(first), await enrol(first)]
  const open = await enrol(first)
  const lapsed = [await enrol(second), await enrol(second)]
  await deployment.sql(`update code set created_at = now() - interval '2 h', not_before = now() - interval '2 h',
    expires_at = now() - interval '1 h' where kind = 'enrol-totp' and user_id = (select id from users where username = 'rows2') and revoked_at is null`)
  const tried = async (filter: object) =>
    (
      await olga.browser.call(contract.bulkCodes, { action: 'reissue', filter: { q: 'rows', ...filter }, dryRun: true })
    ).sample?.map(({ id }) => id)
  assert.deepEqual(await tried({}), [open])
  assert.deepEqual(await tried({ state: 'expired' }), [lapsed[1]])
  assert.deepEqual(await tried({ state: 'revoked' }), [lapsed[0], old[1]], 'the newest of each')
  const started = await bulk({ action: 'reissue', filter: { q: 'rows' } })
  assert.deepEqual(((j) => [j.state, j.done, j.total])(await ended(started.id)), ['done', 1, 1])
  const { items } = await olga.browser.call(contract.listCodes, { userId: first, state: 'live' })
  assert.equal(items.length, 1)
  assert.equal((await zipped(started.id)).status, 200)
})

test('of claimed codes `results` also ends what came of them', async () => {
  const ada = await newPerson(deployment, olga, 'ada')
  const bob = await newPerson(deployment, olga, 'bob')
  const input = { action: 'revoke' as const, ids: [ada.codeId, bob.codeId], reason: 'x' }
  await bulk({ ...input, also: ['results'] })
  for (const { username } of [ada, bob])
    assert.equal(
      await deployment.count(
        `select count(*) from totp where state = 'active' and user_id = (select id from users where username = $1)`,
        [username],
      ),
      0,
    )
  assert.equal((await ada.browser.try(contract.myFactors, {})).status, 401)
})

test('an edit of many is a job: every code has a new version by its maker; what cannot be edited is named', async () => {
  const made = await links(30, 'edited')
  const fixed = await olga.browser.call(contract.createCode, {
    kind: 'static',
    label: 'edited for good',
    destination: { type: 'text', text: 'Gate 4' },
  })
  const ids = [...made.map(({ id }) => id), fixed.id]
  const started = await bulk({
    action: 'edit',
    ids,
    change: { destination: { type: 'url', url: 'https://www.example.org/new' } },
  })
  assert.deepEqual([started.total, started.by], [31, olga.username])
  const done = await ended(started.id)
  assert.deepEqual([done.state, done.done, done.failed], ['done', 30, 1])
  const one = await olga.browser.call(contract.getCode, { id: made[7]?.id as string })
  assert.deepEqual([one.version, one.destination], [2, { type: 'url', url: 'https://www.example.org/new' }])
  // a row of its own for what was revoked, and for what was never there: both in words
  const [revoked, gone] = [made[8]?.id as string, `cod_0${'0'.repeat(25)}`]
  await olga.browser.call(contract.revokeCode, { id: revoked, reason: 'taken down' })
  const again = await ended((await bulk({ action: 'edit', ids: [revoked, gone], change: { label: 'again' } })).id)
  assert.deepEqual((await errors(again.id)).slice(1), [
    `1,${revoked},code-revoked,The code is revoked.`,
    `2,${gone},not-found,There is no such code or person.`,
  ])
  assert.match((await errors(done.id))[1] as string, /^31,cod_\w+,invalid-request,destination: of a code of kind static/)
  const { items } = await olga.browser.call(contract.listBulkJobs, {})
  assert.deepEqual([items[0]?.id, items[1]?.id], [again.id, done.id])
})

test('a job goes on when its maker signs out, and stops when they are suspended; it goes on by their rights alone', async () => {
  const carl = await newPerson(deployment, olga, 'carl', ['operator'])
  await links(300, 'carls')
  const started = await bulk({ action: 'edit', filter: { q: 'carls' }, change: { label: 'carls, changed' } }, carl.browser)
  await carl.browser.call(contract.signOut, {})
  await eventually(
    () => job(started.id),
    ({ done }) => done > 20,
  )
  await olga.browser.call(contract.suspendUser, { id: carl.id })
  const stopped = await ended(started.id)
  assert.deepEqual([stopped.state, stopped.stopped, stopped.why], ['failed', 'maker-suspended', 'Whoever made it is suspended.'])
  assert.ok(stopped.done < 300 && stopped.done > 20, String(stopped.done))
  assert.equal(await deployment.count(`select count(*) from code where label = 'carls, changed'`), stopped.done)
  await olga.browser.call(contract.resumeUser, { id: carl.id })
  await olga.browser.call(contract.resumeBulkJob, { id: started.id })
  const done = await ended(started.id)
  assert.deepEqual([done.state, done.done, done.failed], ['done', 300, 0])
  assert.equal(await deployment.count(`select count(*) from code where label = 'carls, changed' and version = 2`), 300)
})

test('a cancelled job stops after the row in hand, and goes on where it stopped; an operator stops no owner’s job', async () => {
  await links(300, 'stopped')
  const started = await bulk({ action: 'edit', filter: { q: 'stopped' }, change: { label: 'done at last' } })
  await eventually(
    () => job(started.id),
    ({ done }) => done > 10,
  )
  const helper = await newPerson(deployment, olga, 'helper2', ['operator'])
  assert.equal(said(await helper.browser.try(contract.cancelBulkJob, { id: started.id })), 'not-allowed')
  const cancelled = await olga.browser.call(contract.cancelBulkJob, { id: started.id })
  assert.equal(cancelled.state, 'cancelled')
  assert.equal(await deployment.count(`select count(*) from code where label = 'done at last'`), cancelled.done)
  assert.equal(said(await olga.browser.try(contract.cancelBulkJob, { id: started.id })), 'conflict')
  await olga.browser.call(contract.resumeBulkJob, { id: started.id })
  const done = await ended(started.id)
  assert.deepEqual([done.state, done.done], ['done', 300])
  assert.equal(await deployment.count(`select count(*) from code where label = 'done at last' and version = 2`), 300)
})

const zipped = async (id: string, by = olga.browser): Promise<{ status: number; files: Record<string, Uint8Array> }> => {
  const created = await by.try(contract.createDownload, { path: `/api/bulk/${id}/results` })
  const answer = await fetch(created.value.url)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return { status: answer.status, files: answer.ok ? unzipSync(bytes) : {} }
}

test('what a job made before it was cancelled waits for its end, as the rest does', async () => {
  const userIds = (await crowd(deployment, 60, 'resumed')).map(({ id }) => toId('usr', id))
  const started = await bulk({ action: 'issue', userIds })
  await eventually(
    () => job(started.id),
    ({ done }) => done > 5,
  )
  const cancelled = await olga.browser.call(contract.cancelBulkJob, { id: started.id })
  assert.ok(cancelled.done < 60 && cancelled.results, `${cancelled.done} done`)
  // fifty minutes later
  await deployment.sql(`update bulk_row set result_until = result_until - interval '50 min' where result is not null`)
  await olga.browser.call(contract.resumeBulkJob, { id: started.id })
  const { endedAt, results } = await ended(started.id)
  assert.equal(Date.parse(results?.until as string) - Date.parse(endedAt as string), 3_600_000)
  const { files } = await zipped(started.id)
  assert.equal(Object.keys(files).filter((name) => name.startsWith('svg/')).length, 60)
})

test('codes for many people come as one sealed zip: fetched once, by who made the job, within an hour', async () => {
  const people = await crowd(deployment, 25, 'zipped')
  const userIds = people.map(({ id }) => toId('usr', id))
  const input = { action: 'issue' as const, userIds, symbols: ['svg' as const, 'png' as const] }
  const job = await bulk(input)
  const early = await olga.browser.try(contract.bulkResults, { id: job.id })
  assert.ok(['conflict', '200'].includes(said(early)))
  const done = await ended(job.id)
  assert.deepEqual([done.state, done.done, done.failed], ['done', 25, 0])
  const left = Date.parse(done.results?.until as string) - Date.now()
  assert.ok(left > 3_500_000 && left <= 3_600_000, String(left))

  const other = await newPerson(deployment, olga, 'curious', ['owner'])
  assert.equal(said(await other.browser.try(contract.bulkResults, { id: job.id })), 'not-allowed')
  assert.equal(said(await robot(deployment.a.origin).try(contract.bulkResults, { id: job.id })), 'not-allowed')

  const both = await Promise.all([zipped(job.id), zipped(job.id)])
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 404], 'of two fetches at once one gets it')
  const { files } = both.find(({ status }) => status === 200) as (typeof both)[0]
  const [head, ...lines] = new TextDecoder().decode(files['index.csv']).trimEnd().split('\r\n')
  assert.equal(head, 'row,label,id,url,expiresAt,svg,png')
  assert.equal(lines.length, 25)
  const [, label, id, url, , file, png] = (lines[11] as string).split(',') as string[]
  assert.equal(label, 'zipped11')
  assert.match(new TextDecoder().decode(files[file as string]), /^<svg/)
  const picture = join(scratchFolder(), 'symbol.png')
  writeFileSync(picture, files[png as string] as Uint8Array)
  assert.equal(execFileSync('zbarimg', ['-q', '--raw', '--nodbus', picture]).toString().trim(), url)
  // the address is good, for the one claim
  const phone = new Browser(deployment.b.origin)
  const claimed = await claimKey(phone, partsOf(url as string))
  assert.equal(claimed.settings.label, 'zipped11')
  assert.equal((await olga.browser.call(contract.getCode, { id: id as string })).state, 'used')
  assert.equal((await zipped(job.id)).status, 404)
  assert.equal((await olga.browser.call(contract.getBulkJob, { id: job.id })).results, null)
  assert.equal(await deployment.count(`select count(*) from bulk_row where result is not null`), 0)

  const second = await ended((await bulk(input)).id)
  const secret = new URL(url as string).hash.slice(1)
  assert.equal(await deployment.count(`select count(*) from bulk_row where encode(result, 'escape') like $1`, [`%${secret}%`]), 0)
  await deployment.sql(`update bulk_row set result_until = now() where result is not null`)
  assert.equal((await zipped(second.id)).status, 404, 'over, though no job has tidied')
})

test('codes for many set up a passkey where that is asked for; a filter finds the active people that match now', async () => {
  const people = await crowd(deployment, 3, 'filtered')
  await olga.browser.call(contract.suspendUser, { id: toId('usr', people[2]?.id as string) })
  const userFilter = { q: 'filtered' }
  assert.equal((await bulk({ action: 'issue', userFilter, dryRun: true })).total, 2)
  assert.equal((await bulk({ action: 'issue', userFilter: { ...userFilter, state: 'suspended' }, dryRun: true })).total, 0)
  const made = await ended((await bulk({ action: 'issue', userFilter, factor: 'device', symbols: [] })).id)
  assert.deepEqual([made.done, made.failed], [2, 0])
  const { files } = await zipped(made.id)
  assert.deepEqual(Object.keys(files), ['index.csv'], 'a list of links')
  const [, line] = new TextDecoder().decode(files['index.csv']).trimEnd().split('\r\n')
  const [, label, , url] = (line as string).split(',') as string[]
  assert.equal(label, 'filtered0')
  const claimed = await new Browser(deployment.a.origin).try(contract.claimCode, partsOf(url as string))
  assert.equal(claimed.value.kind, 'enrol-device')
  const wrong = await olga.browser.try(contract.bulkCodes, { action: 'reissue', filter: { q: 'filtered' }, factor: 'device' })
  assert.equal(wrong.problem.errors?.[0]?.path, 'factor')
  // whoever has not just authenticated is asked, for one as for many
  await deployment.sql(`update session set proved_at = now() - interval '10 min' where user_id = $1`, [fromId(olga.id)])
  assert.equal(said(await olga.browser.try(contract.bulkCodes, { action: 'issue', userFilter })), 'step-up-required')
  await deployment.sql(`update session set proved_at = now() where user_id = $1`, [fromId(olga.id)])
})

test('each symbol in a job’s zip is in the look of its code’s kit, or of the default one, and is read', async () => {
  const kit = async (name: string, ink: string, more: Partial<contract.Design> = {}, logo: string | null = null) =>
    olga.browser.call(contract.createBrand, {
      name,
      design: { ...contract.plainDesign, colours: { modules: ink, eyes: ink, ground: '#fdf6e3' }, ...more },
      logo,
    })
  const png = await sharp({ create: { width: 200, height: 120, channels: 4, background: '#5c1f7a' } })
    .png()
    .toBuffer()
  const logo = await olga.browser.call(contract.addLogo, { data: png.toString('base64') })
  const fancy = await kit(
    'Blue',
    '#0b3d91',
    { modules: 'rounded', frame: { text: 'Zeskanuj mnie' }, logo: { widthPercent: 18 } },
    logo.id,
  )
  const usual = await kit('Red', '#7a1f1f')
  await olga.browser.call(contract.makeBrandDefault, { id: usual.id })
  const blue = await links(4, 'in a kit')
  for (const { id } of blue)
    await olga.browser.call(contract.updateCode, { id, brand: fancy.id }, { headers: { 'if-match': '"1"' } })
  await links(2, 'in a kit of none')
  const reissue = await bulk({ action: 'reissue', filter: { q: 'in a kit' }, symbols: ['svg', 'png', 'pdf', 'eps'] })
  assert.deepEqual(((j) => [j.state, j.done])(await ended(reissue.id)), ['done', 6])
  const { files } = await zipped(reissue.id)
  const [, ...lines] = new TextDecoder().decode(files['index.csv']).trimEnd().split('\r\n')
  const folder = scratchFolder()
  for (const line of lines) {
    const [, label, , url, , ...paths] = line.split(',') as string[]
    const inks = label?.includes('none') ? ['#7a1f1f'] : ['#0b3d91', '#5c1f7a']
    for (const path of paths) {
      const file = join(folder, path.replaceAll('/', '-'))
      writeFileSync(file, files[path] as Uint8Array)
      const picture = await pictureOf(file)
      assert.deepEqual(readSymbols(picture), [url], path)
      const shares = await inksOf(picture, ['#fdf6e3', ...inks, '#0b1013', '#000000'])
      const [ground, ink, ...others] = shares as [number, number, ...number[]]
      assert.ok(ground > 0.3 && ink > 0.15, `${path}: ${shares}`)
      if (inks.length > 1) assert.ok((others.shift() as number) > 0.005, `${path} shows its logo`)
      assert.deepEqual(others, [0, 0], `${path} has no other ink`)
    }
  }
  // codes that authenticate have the default kit's look
  const [person] = await crowd(deployment, 1, 'looked')
  const issued = await ended((await bulk({ action: 'issue', userIds: [toId('usr', person?.id as string)], symbols: ['png'] })).id)
  const made = Object.entries((await zipped(issued.id)).files).find(([name]) => name.endsWith('.png'))?.[1] as Uint8Array
  assert.equal(readSymbols(Buffer.from(made)).length, 1)
  assert.ok(((await inksOf(Buffer.from(made), ['#7a1f1f']))[0] as number) > 0.15)
})
/** Which share of a picture's pixels has each of the colours, as near as programs round them. */
const inksOf = async (picture: Buffer, colours: readonly string[]): Promise<number[]> => {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return colours.map((colour) => {
    const rgb = Buffer.from(colour.slice(1), 'hex')
    let count = 0
    for (let at = 0; at < data.length; at += 3)
      if ([0, 1, 2].every((channel) => Math.abs((data[at + channel] as number) - (rgb[channel] as number)) <= 2)) count++
    return count / (info.width * info.height)
  })
}

test('many codes are printed as they are, by id or filter, in one sealed zip; what authenticates is never drawn again', async () => {
  const kit = await olga.browser.call(contract.createBrand, {
    name: 'Printed green',
    design: { ...contract.plainDesign, colours: { modules: '#145c2e', eyes: '#145c2e', ground: '#fdf6e3' } },
    logo: null,
  })
  const [first, second] = await links(2, 'to be printed')
  await olga.browser.call(contract.updateCode, { id: first?.id as string, brand: kit.id }, { headers: { 'if-match': '"1"' } })
  const words = await olga.browser.call(contract.createCode, {
    kind: 'static',
    label: 'to be printed, fixed',
    destination: { type: 'text', text: 'Gate 4, left' },
  })
  const [person] = await crowd(deployment, 1, 'to-be-printed')
  const { code } = await olga.browser.call(contract.enrolUser, { id: toId('usr', person?.id as string), factor: 'totp' })
  const gone = `cod_0${'0'.repeat(25)}`
  const ids = [first?.id as string, code.id, words.id, gone, second?.id as string]
  const now = () =>
    Promise.all([first, words, second].map((each) => olga.browser.call(contract.getCode, { id: each?.id as string })))
  const before = await now()

  const made = await ended((await bulk({ action: 'print', ids, symbols: ['svg', 'png', 'pdf'] })).id)
  assert.deepEqual([made.state, made.done, made.failed], ['done', 3, 2])
  const [, ...rows] = await errors(made.id)
  assert.deepEqual(rows, [
    `2,${code.id},code-not-drawable,"This code authenticates, and only a hash of its secret is kept. Issue it again to print it again."`,
    `4,${gone},not-found,There is no such code.`,
  ])
  assert.equal(said(await robot(deployment.a.origin).try(contract.bulkResults, { id: made.id })), 'not-allowed')
  const { files } = await zipped(made.id)
  const [, ...lines] = new TextDecoder().decode(files['index.csv']).trimEnd().split('\r\n')
  const texts = [`/c/${first?.id}`, 'Gate 4, left', `/c/${second?.id}`]
  const inks = ['#145c2e', undefined, undefined]
  assert.equal(lines.length, 3)
  const folder = scratchFolder()
  for (const [at, stem] of ['0001-to-be-printed-0', '0003-to-be-printed-fixed', '0005-to-be-printed-1'].entries())
    for (const format of ['svg', 'png', 'pdf']) {
      const file = join(folder, `${stem}.${format}`)
      writeFileSync(file, files[`${format}/${stem}.${format}`] as Uint8Array)
      const picture = await pictureOf(file)
      // the process that worked on the job names its own address
      const [read, ...others] = readSymbols(picture)
      assert.deepEqual([read?.replace(deployment.a.origin, '').replace(deployment.b.origin, ''), ...others], [texts[at]], file)
      if (inks[at]) assert.ok(((await inksOf(picture, [inks[at]]))[0] as number) > 0.15, 'in the look of its kit')
    }
  assert.equal((await zipped(made.id)).status, 404, 'once')
  assert.deepEqual(await now(), before, 'nothing of the codes has changed')
  assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).state, 'live')

  // a filter counts what can be drawn, in every state: a code that is over can be brought back without printing
  await olga.browser.call(contract.revokeCode, { id: second?.id as string, reason: 'taken down' })
  const filter = { q: 'to be printed' }
  assert.equal((await bulk({ action: 'print', filter, dryRun: true })).total, 3)
  const all = await ended((await bulk({ action: 'print', filter })).id)
  assert.deepEqual([all.done, all.failed], [3, 0])
  const svgs = Object.keys((await zipped(all.id)).files).filter((name) => name.startsWith('svg/'))
  assert.equal(svgs.length, 3, 'without symbols: SVG')
  assert.equal(said(await olga.browser.try(contract.bulkCodes, { action: 'print', filter: { kind: 'enrol-totp' } })), 'conflict')
  const events = await deployment.sql(
    `select type, entry::jsonb->'detail'->>'action' as action from event where type like 'bulk.%' and entry::jsonb->'subject'->>'id' = $1 order by id`,
    [made.id],
  )
  assert.deepEqual(
    events.map(({ type, action }) => `${type} ${action}`),
    ['bulk.created print', 'bulk.ended print', 'bulk.fetched print', 'bulk.fetched print', 'bulk.fetched print'],
  )
})

test('kill -9 in the middle of a job: another process goes on, and no row is done twice', async () => {
  const made = await links(400, 'killed')
  const third = await startProcess(deployment.env)
  // the job is the third process’s: the others are stopped while it takes it
  await Promise.all([deployment.a.kill('SIGTERM'), deployment.b.kill('SIGTERM')])
  const started = await bulk({ action: 'reissue', filter: { q: 'killed' } }, robot(third.origin))
  assert.equal(started.total, 400)
  const seen = await eventually(
    () => job(started.id, robot(third.origin)),
    ({ done }) => done >= 60,
    90_000,
  )
  await third.kill('SIGKILL')
  assert.ok(seen.done < 300, String(seen.done))
  const fourth = await startProcess(deployment.env)
  const done = await eventually(() => job(started.id, robot(fourth.origin)), over, 60_000)
  assert.deepEqual([done.state, done.done, done.failed], ['done', 400, 0])
  const old = made.map(({ id }) => id)
  assert.equal(await deployment.count(`select count(*) from code where label like 'killed %'`), 800)
  assert.equal(
    await deployment.count(`select count(distinct replaced_by) from code where label like 'killed %' and revoked_at is not null`),
    old.length,
  )
  assert.equal(
    await deployment.count(
      `select count(*) from event e join code c on c.id = e.code_id where e.type = 'code.reissued' and c.label like 'killed %'`,
    ),
    400,
  )
  await wholeLog(deployment.sql)
})
