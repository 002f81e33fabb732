import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { unzipSync } from 'fflate'
import { optionsOf } from '../cli/src/command.ts'
import { run, tree } from '../cli/src/run.ts'
import { raw } from './support/attack.ts'
import { Browser } from './support/browser.ts'
import { readSymbols, symbolInTerminal } from './support/chromium.ts'
import { freshDatabase, scratchFolder } from './support/cluster.ts'
import { claimKey, enrolByCode, firstOperator, goodPassword, newPerson, partsOf, passcode } from './support/people.ts'
import { freePort, startProcess, startServer, type TestServer } from './support/server.ts'

type Env = Record<string, string>
type Ran = { status: number; out: string; err: string }
type Running = { done: Promise<Ran>; stop: () => void; out: () => string }

/** The command line in this process. `json()` parses what it answered. */
const begin = (env: Env, ...argv: string[]): Running => {
  const stop = new AbortController()
  let [out, err] = ['', '']
  const terminal = {
    env,
    out: async (text: string) => {
      out += text
    },
    err: (text: string) => {
      err += text
    },
    columns: undefined,
    signal: stop.signal,
  }
  return { done: run(argv, terminal).then((status) => ({ status, out, err })), stop: () => stop.abort(), out: () => out }
}
const postern = (env: Env, ...argv: string[]): Promise<Ran> => begin(env, ...argv).done
/** An answer that must be there, in JSON. */
const answer = async (env: Env, ...argv: string[]): Promise<unknown> => {
  const ran = await postern(env, ...argv, '--json')
  assert.equal(ran.status, 0, `${argv.join(' ')}: ${ran.err}`)
  assert.match(ran.out, /^[^\n]*\n$/)
  return JSON.parse(ran.out)
}
const hostOf = (server: TestServer): Env => ({
  DATABASE_URL: server.databaseUrl,
  POSTERN_KEY_FILE: server.keyFile,
  POSTERN_ORIGIN: server.origin,
  LANG: 'C.UTF-8',
})
const remoteOf = async (server: TestServer, scope: string): Promise<Env> => {
  const { token } = contract.createToken.output.parse(
    await answer(hostOf(server), 'token', 'create', '--name', scope, '--scope', scope),
  )
  return { POSTERN_URL: server.origin, POSTERN_TOKEN: token as string, LANG: 'C.UTF-8' }
}
const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 8_000; !(await what()); ) {
    assert.ok(Date.now() < deadline, 'waited too long')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const commands = tree.flatMap((each) =>
  'run' in each
    ? [{ words: [each.name], command: each }]
    : each.commands.map((command) => ({ words: [each.name, command.name], command })),
)

/** The record as `log export` writes it. */
const eventsOf = async (env: Env): Promise<contract.Event[]> => {
  const { status, out, err } = await postern(env, 'log', 'export')
  assert.equal(status, 0, err)
  return out
    .trim()
    .split('\n')
    .map((line) => contract.Event.parse(JSON.parse(line)))
}
const recordOf = async (server: TestServer, userId: string): Promise<contract.Event[]> =>
  (await eventsOf(hostOf(server))).filter((event) => event.subject?.id === userId)

/** What a camera sees of a terminal: light ink on dark, or dark ink on paper, as a picture that zbarimg reads. */
const readOffScreen = (drawing: string, rendering: 'blocks' | 'ascii'): string => {
  const lines = drawing.split('\n')
  const width = Math.max(...lines.map((line) => line.length))
  const light = (line: string, x: number): [boolean, boolean] => {
    const ink = line.padEnd(width)[x] as string
    return rendering === 'ascii' ? [ink !== '#', ink !== '#'] : [ink === '█' || ink === '▀', ink === '█' || ink === '▄']
  }
  const [across, down] = rendering === 'ascii' ? [2, 4] : [4, 4]
  const rows = lines.flatMap((line) => {
    const cells = Array.from({ length: width }, (_, x) => light(line, x))
    const halves =
      rendering === 'ascii' ? [cells.map(([top]) => top)] : [cells.map(([top]) => top), cells.map(([, bottom]) => bottom)]
    return halves.flatMap((row) =>
      Array.from({ length: down }, () => Buffer.from(row.flatMap((on) => Array(across).fill(on ? 255 : 0)))),
    )
  })
  const file = join(scratchFolder(), 'screen.pgm')
  writeFileSync(file, Buffer.concat([Buffer.from(`P5 ${width * across} ${rows.length} 255\n`), ...rows]))
  return execFileSync('zbarimg', ['--quiet', '--raw', file]).toString().trim()
}

/** The command as people have it: a process of its own. */
const spawned = (env: Env, ...argv: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../cli/bin/postern.mjs'), ...argv], {
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('close', (status) => resolve({ status: status ?? -1, out, err }))
  })

test('each command does the same on the host and over HTTP, and is on record under who ran it', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const host = hostOf(server)
  const remote = await remoteOf(server, 'operator')
  const link = await olga.browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate',
    destination: { type: 'text', text: 'Gate B' },
  })
  const journey = async (way: 'host' | 'token', env: Env): Promise<void> => {
    const name = `ada-${way}`
    const ada = contract.User.parse(
      await answer(env, 'user', 'create', name, '--name', 'Ada', '--email', 'ada@example.org', '--role', 'auditor'),
    )
    assert.deepEqual([ada.username, ada.displayName, ada.roles], [name, 'Ada', ['auditor']])
    const people = contract.listUsers.output.parse(await answer(env, 'user', 'list', '--q', name))
    assert.deepEqual(people.items, [ada])
    // the columns are as wide as the longest name, and the other way's person may be there by now
    const listed = await postern(env, 'user', 'list', '--state', 'active', '--due')
    assert.match(listed.out, new RegExp(`^${name} +${ada.id} +active`, 'm'))

    const { code } = contract.enrolUser.output.parse(await answer(env, 'user', 'enrol', name.toUpperCase(), '--expires', '2h'))
    assert.ok(Math.abs(Date.parse(code.expiresAt) - Date.now() - 7_200_000) < 60_000)
    const codes = contract.listCodes.output.parse(await answer(env, 'code', 'list', '--user', name, '--state', 'live'))
    assert.deepEqual(
      codes.items.map((each) => [each.id, each.issuedBy]),
      [[code.id, way === 'host' ? `host:${userInfo().username}` : 'operator']],
    )
    const drawn = await postern(env, 'code', 'symbol', code.id, '--json')
    assert.deepEqual([drawn.status, drawn.out, JSON.parse(drawn.err).code], [1, '', 'code-not-drawable'])
    const kits = contract.listBrands.output.parse(await answer(env, 'brand', 'list'))
    assert.deepEqual(
      kits.items.map((kit) => [kit.name, kit.isDefault, kit.proof.passes]),
      [['Plain', true, true]],
    )
    const shown = await postern(env, 'code', 'symbol', link.id)
    assert.equal(readOffScreen(shown.out.split('\n\nGate')[0] as string, 'blocks'), link.url)
    for (const format of ['svg', 'png', 'pdf', 'eps']) {
      const file = join(scratchFolder(), `gate.${format}`)
      const made = await answer(env, 'code', 'symbol', link.id, '--out', file)
      assert.deepEqual(made, { id: link.id, format, file, bytes: readFileSync(file).length })
      if (format === 'png') assert.deepEqual(readSymbols(readFileSync(file)), [link.url])
    }
    await answer(env, 'code', 'revoke', code.id, '--reason', 'handed to the wrong person')
    const late = await server.browser().try(contract.claimCode, partsOf(code.url as string))
    assert.equal(late.problem.code, 'code-revoked')

    for (const [command, state] of [
      ['suspend', 'suspended'],
      ['resume', 'active'],
      ['unlock', 'active'],
      ['offboard', 'offboarded'],
    ] as const) {
      const user = contract.User.parse(await answer(env, 'user', command, name, '--reason', 'a test'))
      assert.equal(user.state, state)
    }
    const again = await postern(env, 'user', 'offboard', ada.id)
    assert.deepEqual([again.status, again.out], [1, ''])
    assert.equal(again.err, 'postern user offboard: This person is offboarded. (conflict)\n')

    const tokens = contract.listTokens.output.parse(await answer(env, 'token', 'list', '--limit', '1'))
    assert.equal(tokens.items.length, 1)
    assert.deepEqual(
      new Set((await recordOf(server, ada.id)).map((event) => `${event.actor.kind} ${event.type}`)),
      new Set(
        ['user.created', 'code.issued', 'code.revoked', 'user.suspended', 'user.resumed', 'user.unlocked', 'user.offboarded']
          .map((type) => `${way} ${type}`)
          .concat('stranger code.claimed'),
      ),
    )
  }
  await Promise.all([journey('host', host), journey('token', remote)])
  const reads = (await eventsOf(host)).filter((event) => event.type === 'host.command')
  assert.deepEqual(
    new Set(reads.map((event) => `${event.detail.command} ${event.outcome}`)),
    new Set(['user list success', 'code list success', 'code symbol success', 'brand list success', 'token list success']),
  )
  assert.ok(reads.every((event) => event.actor.name === `host:${userInfo().username}`))

  // a token cannot make tokens: that asks for a person, or the host
  const made = await postern(remote, 'token', 'create', '--name', 'x', '--scope', 'auditor')
  assert.deepEqual([made.status, made.out], [1, ''])
  assert.match(made.err, /on the host without --url and --token\. \(step-up-required\)\n$/)
  const plain = await postern(
    host,
    'token',
    'create',
    '--name',
    'x',
    '--scope',
    'auditor',
    '--scope',
    'metrics',
    '--expires',
    '7d',
  )
  assert.match(plain.out, /^pst_[\w-]{49}\n$/)
  const id = /tok_\w+/.exec(plain.err)?.[0] as string
  assert.deepEqual(await answer(remote, 'token', 'revoke', id), { id, revoked: true })
  const dead = await postern({ ...remote, POSTERN_TOKEN: plain.out.trim() }, 'user', 'list')
  assert.equal(dead.status, 1)
  assert.match(dead.err, /The token is unknown, or it was revoked or has expired\. \(no-session\)/)
})

test('the record is followed, exported and verified', async () => {
  const server = await startServer()
  const operator = await firstOperator(server)
  const host = hostOf(server)
  const remote = await remoteOf(server, 'auditor')
  for (const env of [host, remote]) {
    const all = begin(env, 'events', 'tail', '--after', '-1', '--json')
    const human = begin(env, 'events', 'tail', '--after=0')
    await until(() => all.out().includes('"enrolment.confirmed"') && human.out().includes('recovery-codes.made'))
    await operator.browser.call(contract.createUser, { username: env === host ? 'hedy' : 'rosa', displayName: 'x\u001b[2Jy' })
    await until(() => /user\.created {2}success {2}olga > (hedy|rosa)/.test(human.out()))
    for (const tail of [all, human]) tail.stop()
    assert.deepEqual([(await all.done).status, (await human.done).status], [0, 0])
    const seqs = all
      .out()
      .trim()
      .split('\n')
      .map((line) => contract.Event.parse(JSON.parse(line)).seq)
    assert.deepEqual(
      seqs,
      seqs.map((_, at) => at),
    )
    const exported = await eventsOf(env)
    assert.deepEqual(
      exported.map((event) => event.seq),
      exported.map((_, at) => at),
    )
    const rest = await postern(env, 'log', 'export', '--after', '3')
    assert.equal(JSON.parse(rest.out.split('\n')[0] as string).seq, 4)
  }
  // what strangers and people choose is shown, not obeyed
  assert.match((await postern(remote, 'user', 'list')).out, /x\ufffd\[2Jy/)

  const whole = await postern(host, 'log', 'verify')
  assert.equal(whole.status, 0, whole.err)
  assert.match(whole.out, /^\d+ events: dense, and each entry hashes to its leaf\nNot checked yet: that nobody rewrote/)
  const one = (await server.sql(`select id, entry from event where type = 'user.created' limit 1`))[0] as unknown as {
    id: string
    entry: string
  }
  const alter = (entry: string) => server.sql('update event set entry = $1 where id = $2', [entry, one.id])
  await alter(one.entry.replace('success', 'denied'))
  const altered = await postern(host, 'log', 'verify', '--json')
  assert.equal(altered.status, 1)
  assert.match(JSON.parse(altered.out).wrong[0], /^seq \d+ \(evt_\w+\): the entry is not what was put down$/)
  await alter(one.entry)
  await server.sql(
    `delete from log_batch where first_seq = (select max(first_seq) from log_batch where first_seq < (select max(first_seq) from log_batch))`,
  )
  assert.match((await postern(host, 'log', 'verify')).out, /NOT WHOLE: seq \d+ to \d+: missing/)
})

test('links and static codes are issued, drawn and issued again in the terminal, and a camera reads what is drawn', async () => {
  const server = await startServer()
  await firstOperator(server)
  const lead = async (id: string, agent = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0') =>
    (await raw(server.origin, 'GET', `/c/${id}`, { headers: { 'user-agent': agent } })).headers.location
  for (const env of [hostOf(server), await remoteOf(server, 'operator')]) {
    const drawn = await postern(env, 'code', 'create', 'Visitor safety', '--to', 'https://www.example.org/a', '--expires', '90d')
    assert.equal(drawn.status, 0, drawn.err)
    const id = /cod_\w+/.exec(drawn.out)?.[0] as string
    assert.equal(symbolInTerminal(drawn.out), `${server.origin}/c/${id}`)
    const code = contract.Code.parse(JSON.parse((await postern(env, 'code', 'list', '--kind', 'link', '--json')).out).items[0])
    assert.deepEqual([code.id, code.label], [id, 'Visitor safety'])
    assert.ok(Math.abs(Date.parse(code.expiresAt as string) - Date.now() - 90 * 86_400_000) < 60_000)
    assert.equal(await lead(id), 'https://www.example.org/a')
    const symbol = await postern(env, 'code', 'symbol', id)
    assert.equal(symbolInTerminal(symbol.out), `${server.origin}/c/${id}`)
    assert.doesNotMatch((await postern(env, 'code', 'symbol', id, '--symbol', 'address')).out, /█/)

    const again = contract.reissueCode.output.parse(await answer(env, 'code', 'reissue', id, '--to', 'https://www.example.org/b'))
    assert.notEqual(again.code.id, id)
    assert.equal(await lead(id), 'https://www.example.org/b')
    const twice = await postern(env, 'code', 'reissue', id)
    assert.deepEqual([twice.status, /issued again already, as cod_\w+\. \(conflict\)/.test(twice.err)], [1, true])

    const stores = contract.Code.parse(
      await answer(env, 'code', 'create', 'App', '--to', 'https://a.example/', '--ios', 'https://i.example/', '--limit', '5'),
    )
    assert.equal(
      await lead(stores.id, 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1'),
      'https://i.example/',
    )
    const fixed = await postern(env, 'code', 'create', 'Bell', '--text', 'Ring twice', '--static')
    assert.equal(symbolInTerminal(fixed.out), 'Ring twice')
    const refused = await postern(env, 'code', 'create', 'Bell', '--to', 'https://a.example/', '--static')
    assert.deepEqual([refused.status, refused.out], [1, ''])
    assert.match(refused.err, /not marked low-risk/)
  }
  const { code } = contract.enrolUser.output.parse(
    await answer(hostOf(server), 'user', 'enrol', contract.User.parse(await answer(hostOf(server), 'user', 'create', 'ada')).id),
  )
  const fresh = await postern(hostOf(server), 'code', 'reissue', code.id)
  const url = symbolInTerminal(fresh.out) as string
  assert.ok(fresh.out.includes(url) && url !== code.url)
  const claim = (address: string) => server.browser().try(contract.claimCode, partsOf(address))
  assert.equal((await claim(code.url as string)).problem.code, 'code-revoked')
  assert.equal((await claim(url)).status, 200)
})

test('a letter is issued again with its number, its page to print and its days, and the number opens it', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  const ada = await olga.browser.call(contract.createUser, { username: 'ada' })
  const days = (at: string) => Math.round((Date.parse(at) - Date.now()) / 86_400_000)
  for (const env of [hostOf(server), await remoteOf(server, 'operator')]) {
    const { code } = await olga.browser.call(contract.enrolUser, { id: ada.id, factor: 'totp', deliver: 'letter' })
    const letter = join(scratchFolder(), 'ada.pdf')
    const again = await postern(env, 'code', 'reissue', code.id, '--letter', letter, '--language', 'pl')
    assert.equal(again.status, 0, again.err)
    assert.match(again.out, /activation number\. Hand it over apart from the letter, which is in \/.*ada\.pdf:/)
    const activation = /^ {2}(\d{4} \d{4})$/m.exec(again.out)?.[1] as string
    const url = symbolInTerminal(again.out) as string
    assert.equal(statSync(letter).mode & 0o777, 0o600)
    const text = execFileSync('pdftotext', ['-layout', letter, '-']).toString()
    assert.match(text, /numer aktywacyjny/)
    assert.ok(text.replace(/\s/g, '').includes(url))
    const { id } = partsOf(url)
    assert.equal(days((await olga.browser.call(contract.getCode, { id })).expiresAt as string), 14)
    const wrong = await server.browser().try(contract.claimCode, { ...partsOf(url), activation: '1234' })
    assert.equal(wrong.problem.code, 'factor-wrong')

    // a file that is there is not overwritten, and nothing was done
    const there = await postern(env, 'code', 'reissue', id, '--letter', letter)
    assert.deepEqual([there.status, /it exists already/.test(there.err)], [2, true])
    assert.equal((await server.browser().try(contract.claimCode, { ...partsOf(url), activation })).status, 200)
  }
  const { code } = await olga.browser.call(contract.enrolUser, { id: ada.id, factor: 'totp' })
  const none = await postern(hostOf(server), 'code', 'reissue', code.id, '--letter', join(scratchFolder(), 'none.pdf'))
  assert.deepEqual([none.status, /did not go by letter/.test(none.err)], [2, true])
  assert.equal((await olga.browser.call(contract.getCode, { id: code.id })).state, 'live')
})

test('a bootstrap link makes an owner first, then operators', async () => {
  const server = await startServer()
  const host = hostOf(server)
  const first = (await answer(host, 'bootstrap', '--username', 'olga')) as { url: string; role: string }
  const second = (await answer(host, 'bootstrap')) as { url: string; role: string }
  assert.deepEqual([first.role, second.role], ['owner', 'owner'])
  const dead = await server.browser().try(contract.claimCode, { ...partsOf(first.url), username: 'olga', factor: 'totp' })
  assert.equal(dead.problem.code, 'code-revoked')
  const olga = await enrolByCode(server.browser(), second.url, { username: 'olga' })
  assert.deepEqual(olga.confirmed.user.roles, ['owner'])
  const third = (await answer(host, 'bootstrap', '--username', 'otto')) as { url: string; role: string }
  assert.equal(third.role, 'operator')
  assert.equal((await server.browser().call(contract.inspectCode, partsOf(third.url))).username, 'otto')
  const otto = await enrolByCode(server.browser(), third.url, { username: 'otto' })
  assert.deepEqual(otto.confirmed.user.roles, ['operator'])
  const issued = (await eventsOf(host)).filter((event) => event.type === 'bootstrap.issued')
  assert.deepEqual(
    issued.map((event) => [event.actor.kind, event.detail.role]),
    [
      ['host', 'owner'],
      ['host', 'owner'],
      ['host', 'operator'],
    ],
  )
})

test('a link for an owner dies also for who has claimed it, and as soon as an owner has come another way', async () => {
  const server = await startServer()
  const host = hostOf(server)
  const link = async () => partsOf(((await answer(host, 'bootstrap')) as { url: string }).url)
  const stolen = { ...(await link()), username: 'chosen', factor: 'totp' as const }
  const thief = server.browser()
  const { confirm, secret } = await claimKey(thief, stolen)
  // a start in the midst of the set-up prints a link of its own, and leaves who is at it alone
  const printed = partsOf(await server.bootstrapUrl())
  assert.equal((await thief.try(contract.claimCode, stolen)).status, 200)
  const asked = await link()
  for (const dead of [stolen, printed])
    assert.equal((await server.browser().call(contract.inspectCode, { id: dead.id, secret: dead.secret })).state, 'revoked')
  const late = await thief.try(contract.confirmEnrolment, { confirm, code: passcode(secret), password: goodPassword })
  assert.equal(late.problem.code, 'code-revoked')
  const slow = server.browser()
  const mine = await claimKey(slow, { ...asked, username: 'Chosen', factor: 'totp' })

  const last = partsOf(await server.bootstrapUrl())
  const { id } = (await answer(host, 'user', 'create', 'paula', '--role', 'owner')) as { id: string }
  assert.equal((await server.browser().call(contract.inspectCode, last)).state, 'live')
  const { code } = contract.enrolUser.output.parse(await answer(host, 'user', 'enrol', id, '--factor', 'totp'))
  await enrolByCode(server.browser(), code.url as string)
  assert.equal((await server.browser().call(contract.inspectCode, last)).state, 'revoked')
  const claimed = await server.browser().try(contract.claimCode, { ...last, username: 'late', factor: 'totp' })
  assert.equal(claimed.problem.code, 'code-revoked')
  const confirmed = await slow.try(contract.confirmEnrolment, {
    confirm: mine.confirm,
    code: passcode(mine.secret),
    password: goodPassword,
  })
  assert.equal(confirmed.problem.code, 'code-revoked')
})

test('the symbol in the terminal is drawn as the locale allows, and reads back as the link', async () => {
  const server = await startServer()
  await postern(hostOf(server), 'user', 'create', 'ada')
  for (const [locale, how] of [
    [{ LANG: 'pl_PL.UTF-8' }, 'blocks'],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'ascii'],
    [{ LANG: 'ja_JP.IBM-943' }, 'address'],
  ] as const) {
    const { status, out } = await postern({ ...hostOf(server), ...locale }, 'user', 'enrol', 'ada')
    assert.equal(status, 0)
    assert.ok(out.startsWith('\n'))
    const [symbol, words] = out.split('\n\nThis link enrols ada, once, until ')
    const url = /^ {2}(http\S+)$/m.exec(words ?? out)?.[1]
    if (how === 'address') assert.equal(out.match(/[█▀▄]|##/), null)
    else assert.equal(readOffScreen(symbol as string, how), url)
    assert.equal((await server.browser().call(contract.inspectCode, partsOf(url as string))).state, 'live')
  }
  const chosen = await postern(hostOf(server), 'bootstrap', '--symbol', 'ascii')
  assert.match(chosen.out, /##/)
})

test('pre-flight: all green on the host, honest over HTTP, and a failure says what mends it', async () => {
  const server = await startServer()
  const operator = await firstOperator(server)
  const host = hostOf(server)
  const green = await postern(host, 'preflight')
  assert.equal(green.status, 0, green.out + green.err)
  assert.match(green.out, /It works: of 10 checks 10 work, 0 do not, 0 were not tried\.\n$/)

  const remote = await remoteOf(server, 'operator')
  const afar = (await answer(remote, 'preflight')) as {
    verdict: string
    works: number
    checks: { check: string; result: string }[]
  }
  assert.deepEqual([afar.verdict, afar.works], ['works', 9])
  assert.deepEqual(
    afar.checks.filter((each) => each.result !== 'works').map((each) => [each.check, each.result]),
    [['expiry', 'not-tried']],
  )

  // what it takes is asked for before anybody is made
  const less = await postern(await remoteOf(server, 'enrolment'), 'preflight')
  assert.equal(less.status, 1)
  assert.match(less.out, /Refused as not-allowed: .*\n +Use a token of scope operator, or run it on the host\n/)

  const settings = await operator.browser.try(contract.getAuthenticationSettings, {})
  const { version: _, withoutSecondFactor: __, defaultsWarning: ___, ...rest } = settings.value
  const off = { ...rest, enrolment: false, secondFactor: { roles: [], from: null } }
  await operator.browser.call(contract.putAuthenticationSettings, off, {
    headers: { 'if-match': settings.headers.get('etag') as string },
  })
  const red = await postern(host, 'preflight')
  assert.equal(red.status, 1)
  assert.match(
    red.out,
    /does not .* A throw-away person gets an enrolment code\n.*enrolment-off.*\n +Switch enrolment on under Settings/,
  )
  assert.match(red.out, /not tried +Of two browsers/)
  assert.match(red.out, /It does not work: of 10 checks 3 work, 1 do not, 6 were not tried\.\n$/)

  // stopped at once: whoever was made is off-boarded all the same
  const stopped = begin(host, 'preflight')
  await until(async () => (await server.sql(`select 1 from users where username like 'preflight-%'`)).length === 4 || false)
  stopped.stop()
  await stopped.done
  const people = (await server.sql(`select state from users where username like 'preflight-%'`)) as unknown as {
    state: string
  }[]
  assert.deepEqual(new Set(people.map(({ state }) => state)), new Set(['offboarded']))
  const runs = (await eventsOf(host)).filter((event) => event.type === 'preflight.run')
  assert.deepEqual(
    runs.slice(0, 2).map((event) => [event.actor.kind, event.outcome, event.detail.works]),
    [
      ['host', 'success', 10],
      ['host', 'failure', 3],
    ],
  )
  // nobody else was touched
  assert.equal((await operator.browser.call(contract.currentSession, {})).user.username, 'olga')
})

test('help is there on every level and names every command and option', async () => {
  const top = await postern({}, '--help')
  assert.equal(top.status, 0)
  assert.deepEqual(await postern({}, 'help'), top)
  for (const { words, command } of commands) {
    const name = words.join(' ')
    assert.match(top.out, new RegExp(`^ {4}${name} {2,}${command.does[0]}`, 'm'))
    const own = await postern({}, ...words, '--help')
    assert.deepEqual(own, await postern({}, 'help', ...words))
    assert.equal(own.status, 0)
    assert.ok(own.out.startsWith(`Usage:\n    postern ${name} `), own.out)
    for (const option of Object.keys(optionsOf(command))) assert.match(own.out, new RegExp(`^ {4}(-h, )?--${option}\\b`, 'm'))
    for (const argument of command.arguments ?? []) assert.match(own.out, new RegExp(`^ {4}${argument.name} {2,}`, 'm'))
    if (command.name !== 'serve')
      assert.ok(
        own.out.split('\n').every((line) => line.length <= 110),
        own.out,
      )
  }
  for (const each of tree) if (!('run' in each)) assert.equal((await postern({}, each.name, '-h')).status, 0)
  assert.match((await postern({}, 'serve', '--help')).out, /POSTERN_ORIGIN .*\[http:\/\/localhost:8470\]/)
  assert.equal((await postern({}, '--version')).out, 'postern 0.1.0\n')
})

test('wrong use is one line that names what was wrong and what would be right', async () => {
  const wrong: [string[], RegExp][] = [
    [['usr', 'list'], /^postern: unknown command "usr"; did you mean "user"\? See "postern --help"\.$/],
    [['user', 'lst'], /unknown command "user lst"; did you mean "user list"\?/],
    [['--verson'], /unknown option --verson; did you mean --version\?/],
    [['code', 'reisue', 'x'], /unknown command "code reisue"; did you mean "code reissue"\?/],
    [['code', 'create', 'Sign'], /--to ADDRESS or --text TEXT is missing/],
    [['code', 'create', 'Sign', '--to', 'javascript:alert(1)'], /--to: an address that starts with http:/],
    [['code', 'create', 'Sign', '--to', 'https://a.example', '--text', 'x'], /--text stands alone/],
    [['code', 'create', 'Sign', '--ios', 'https://a.example'], /--to is missing: where all other devices go/],
    [['code', 'create', 'Sign', '--to', 'https://a.example', '--expires', 'soon'], /--expires is soon; it takes a time like 90d/],
    [['code', 'create', 'Sign', '--to', 'https://a.example', '--limit', '0'], /--limit is 0; it takes a whole number/],
    [['code', 'symbol', 'usr_x'], /ID: an id that starts with cod_/],
    [
      ['user', 'list', '--stat', 'active'],
      /^postern user list: unknown option --stat; did you mean --state\? See "postern user list --help"\.$/,
    ],
    [['user', 'list', '-x'], /unknown option -x/],
    [['user', 'list', '--state', 'gone'], /--state is gone; it takes active, suspended or offboarded/],
    [['user', 'list', '--state'], /--state needs a value: --state STATE/],
    [['user', 'list', '--state', '--due'], /--state needs a value, not --due/],
    [['user', 'list', '--q', 'a', '--q', 'b'], /--q is given twice/],
    [['user', 'list', '--json=yes'], /--json takes no value/],
    [['user', 'list', '--limit', '0'], /--limit is 0; it takes a whole number of at least 1/],
    [['user', 'create'], /USERNAME is missing: 2 to 64 letters/],
    [['user', 'create', 'ada', 'lovelace'], /"lovelace" is too much; it takes USERNAME/],
    [['user', 'create', 'a'], /USERNAME: at least 2 characters/],
    [['user', 'create', 'ada', '--email', 'ada'], /--email: /],
    [['user', 'create', 'ada', '--role', 'root'], /--role is root; it takes user, auditor, operator or owner/],
    [
      ['user', 'enrol', 'usr_00000000000000000000000000', '--expires', '90s'],
      /--expires is 90s; it takes a time like 10m, 24h or 14d/,
    ],
    [['user', 'enrol', 'usr_00000000000000000000000000', '--expires', '15d'], /--expires: how long it is good for, 1m to 14d/],
    [['token', 'create', '--name', 'x'], /--scope SCOPE is missing/],
    [['token', 'create', '--name', 'x', '--scope', 'auditor', '--expires', '24h'], /--expires is 24h; it takes days, like 90d/],
    [['token', 'revoke', 'x'], /ID: an id that starts with tok_/],
    [['code', 'revoke', 'cod_00000000000000000000000000'], /--reason TEXT is missing/],
    [['events', 'tail', '--after', '-2'], /--after is -2; it takes a whole number of at least -1/],
    [['user', 'enrol', 'ada', '--symbol', 'png'], /--symbol is png; it takes blocks, ascii or address/],
    [['code', 'symbol', 'cod_00000000000000000000000000', '--format', 'png'], /--out is missing: it takes the name of a file/],
    [['code', 'symbol', 'cod_00000000000000000000000000', '--out', 'gate'], /--format is missing: it takes svg, png, pdf, eps/],
    [['code', 'symbol', 'cod_00000000000000000000000000', '--out', 'gate.gif'], /--format is gif; it takes svg, png, pdf or eps/],
    [['code', 'symbol', 'cod_00000000000000000000000000', '--out', 'gate.svg', '--size', '9'], /--size: an svg has none/],
    [['user', 'list', '--token', 'pst_x', '--url', 'example.org'], /--url is example\.org; it takes an origin/],
  ]
  const env = { POSTERN_URL: 'http://localhost:1', POSTERN_TOKEN: 'pst_x' }
  for (const [argv, line] of wrong) {
    const { status, out, err } = await postern(env, ...argv)
    assert.deepEqual([status, out], [2, ''], `${argv.join(' ')}: ${err}`)
    assert.match(err, /^[^\n]+\n$/)
    assert.match(err.trim(), line)
  }
  assert.match((await postern({ POSTERN_URL: 'http://localhost:1' }, 'user', 'list')).err, /an address without a token; --token/)
  assert.match((await postern({ POSTERN_TOKEN: 'pst_x' }, 'user', 'list')).err, /a token without an address; --url/)
  // it touches no database
  const nowhere = { POSTERN_DATA: '/proc/nowhere' }
  for (const argv of [
    ['user', 'create', 'a'],
    ['bootstrap', '--symbol', 'x'],
    ['log', 'export', '--after', 'x'],
  ])
    assert.equal((await postern(nowhere, ...argv)).status, 2)
  assert.match((await postern(env, 'bootstrap')).err, /on the host only, and POSTERN_URL is set/)
  for (const argv of [[], ['user']]) {
    const { status, out, err } = await postern({}, ...argv)
    assert.deepEqual([status, out, err.startsWith('Usage:\n')], [2, '', true])
  }
})

test('what is refused, or cannot be reached, is one line and exit status 1', async () => {
  const server = await startServer()
  const operator = await firstOperator(server)
  await newPerson(server, operator, 'adam')
  const host = hostOf(server)
  const auditor = await remoteOf(server, 'auditor')
  const other = join(scratchFolder(), 'master.key')
  writeFileSync(other, `${Buffer.alloc(32, 7).toString('base64url')}\n`)
  const unknown = 'usr_00000000000000000000000000'
  const port = await freePort()
  const refused: [Env, string[], RegExp][] = [
    [auditor, ['user', 'create', 'eve'], /^postern user create: .* \(not-allowed\)$/],
    [auditor, ['user', 'suspend', 'adam'], /\(not-allowed\)$/],
    [await remoteOf(server, 'metrics'), ['user', 'list'], /\(not-allowed\)$/],
    [{ ...auditor, POSTERN_TOKEN: 'pst_x' }, ['user', 'list'], /\(no-session\)$/],
    [
      auditor,
      ['--url', `http://localhost:${port}`, 'user', 'list'],
      /No server answers at http:\/\/localhost:\d+ \(ECONNREFUSED\)\. \(unavailable\)$/,
    ],
    [
      auditor,
      ['user', 'list', '--url', server.origin.replace('localhost', '127.0.0.1')],
      /sends on to http:\/\/localhost:\d+: use that address/,
    ],
    [host, ['user', 'suspend', 'nobody'], /There is no person with the user name nobody\. \(not-found\)$/],
    [host, ['user', 'enrol', unknown], /^postern user enrol: Not found\. \(not-found\)$/],
    [host, ['user', 'create', 'ADAM'], /This user name is taken\. \(conflict\)$/],
    [host, ['user', 'suspend', 'olga'], /last owner.*\(conflict\)$/],
    [{ ...host, POSTERN_KEY_FILE: other }, ['user', 'list'], /The master key .* is not this database’s/],
    [{ ...host, POSTERN_KEY_FILE: `${other}.gone` }, ['user', 'list'], /The master key .* is missing/],
    [
      { ...host, DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/x` },
      ['user', 'list'],
      /^postern user list: The database cannot be reached: .*ECONNREFUSED/,
    ],
    [
      { ...host, DATABASE_URL: `${await freshDatabase()}x` },
      ['log', 'verify'],
      /The database cannot be reached: database .* does not exist/,
    ],
    [{ ...host, POSTERN_ORIGN: 'x' }, ['user', 'list'], /POSTERN_ORIGN is not a setting/],
    [{ POSTERN_DATA: join(scratchFolder(), 'data') }, ['events', 'tail'], /No server runs on .*, and this command needs one/],
  ]
  for (const [env, argv, line] of refused) {
    const { status, out, err } = await postern(env, ...argv)
    assert.deepEqual([status, out], [1, ''], `${argv.join(' ')}: ${err}`)
    assert.match(err, /^[^\n]+\n$/)
    assert.match(err.trim(), line)
  }
  // a use that came to nothing is on record too
  const failures = (await eventsOf(host)).filter((event) => event.type === 'host.command' && event.outcome === 'failure')
  assert.deepEqual(
    failures.map((event) => event.detail.command),
    ['user suspend'],
  )
})

test('a wrong setting stops the start with one line that names it, what it got and what it takes', async () => {
  const host = hostOf(await startServer())
  const listen = `127.0.0.1:${await freePort()}`
  const folder = scratchFolder()
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const certify = (name: string): { cert: string; key: string } => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
    const how = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key,
      '-out',
      cert,
    ]
    execFileSync('openssl', ['req', '-x509', ...how], { stdio: 'ignore' })
    return { cert, key }
  }
  const [own, other] = [certify('own'), certify('other')]
  const noise = file('noise', 'this is neither a certificate nor a database of places\n')
  const empty = file('empty', '')
  const tls = (cert: string, key: string): Env => ({ POSTERN_TLS_CERT: cert, POSTERN_TLS_KEY: key })
  const wrong: [Env, string][] = [
    [{ POSTERN_ORIGIN: 'https://postern.example.org/path' }, 'POSTERN_ORIGIN'],
    [{ POSTERN_ORIGIN: 'postern.example.org' }, 'POSTERN_ORIGIN'],
    [{ POSTERN_LISTEN: 'everywhere' }, 'POSTERN_LISTEN'],
    [{ POSTERN_LISTEN: '127.0.0.1:70000' }, 'POSTERN_LISTEN'],
    [{ POSTERN_LISTEN: '192.0.2.1:8470' }, 'POSTERN_LISTEN'],
    [{ POSTERN_LISTEN: new URL(host.POSTERN_ORIGIN as string).host.replace('localhost', '127.0.0.1') }, 'POSTERN_LISTEN'],
    [{ DATABASE_URL: 'mysql://localhost/postern' }, 'DATABASE_URL'],
    [{ POSTERN_TRUSTED_PROXIES: '10.0.0.0/99' }, 'POSTERN_TRUSTED_PROXIES'],
    [tls(join(folder, 'gone'), own.key), 'POSTERN_TLS_CERT'],
    [tls(noise, own.key), 'POSTERN_TLS_CERT'],
    [tls(folder, own.key), 'POSTERN_TLS_CERT'],
    [tls(own.cert, join(folder, 'gone')), 'POSTERN_TLS_KEY'],
    [tls(own.cert, noise), 'POSTERN_TLS_KEY'],
    [tls(own.cert, other.key), 'POSTERN_TLS_KEY'],
    [{ POSTERN_GEO_DB: join(folder, 'gone') }, 'POSTERN_GEO_DB'],
    [{ POSTERN_GEO_DB: noise }, 'POSTERN_GEO_DB'],
    [{ POSTERN_GEO_DB: empty }, 'POSTERN_GEO_DB'],
    [{ POSTERN_SMTP_URL: 'mail.example.org' }, 'POSTERN_SMTP_URL'],
    [{ POSTERN_BOOTSTRAP: 'maybe' }, 'POSTERN_BOOTSTRAP'],
    [{ POSTERN_LOG: 'loud' }, 'POSTERN_LOG'],
  ]
  for (const [setting, name] of wrong) {
    const { status, out, err } = await postern({ ...host, POSTERN_LISTEN: listen, ...setting }, 'serve')
    assert.deepEqual([status, out], [1, ''], `${name}: ${err}`)
    const got = setting[name] as string
    assert.match(err, /^[^\n]+\n$/, err)
    assert.ok(err.startsWith(`postern serve: ${name} is "${got}": it takes `), err)
  }
  for (const [setting, line] of [
    [{ POSTERN_TLS_CERT: own.cert }, /POSTERN_TLS_KEY is not set/],
    [{ POSTERN_ORIGN: 'x' }, /POSTERN_ORIGN is not a setting/],
  ] as [Env, RegExp][]) {
    const { status, err } = await postern({ ...host, POSTERN_LISTEN: listen, ...setting }, 'serve')
    assert.equal(status, 1)
    assert.match(err, /^[^\n]+\n$/)
    assert.match(err, line)
  }
})

test('a start without an operator prints a link on standard output, each start another one; off prints none, nor does one with an operator', async () => {
  const [databaseUrl, port] = [await freshDatabase(), await freePort()]
  const env = {
    DATABASE_URL: databaseUrl,
    POSTERN_KEY_FILE: join(scratchFolder(), 'master.key'),
    POSTERN_ORIGIN: `http://localhost:${port}`,
    POSTERN_LISTEN: `127.0.0.1:${port}`,
    POSTERN_LOG: 'silent',
    LANG: 'C.UTF-8',
  }
  /** Starts, waits until it serves, does what there is to do, stops. Answers all that was written. */
  const served = async (more: Env, during: (out: () => string) => Promise<void> = async () => {}): Promise<Ran> => {
    const running = begin({ ...env, ...more }, 'serve')
    await until(async () => (await fetch(`http://localhost:${port}/readyz`).catch(() => undefined))?.ok === true)
    try {
      await during(running.out)
    } finally {
      running.stop()
    }
    return running.done
  }
  const linkIn = (text: string): string | undefined => /http:\/\/localhost:\d+\/c\/cod_\w+#[\w-]+/.exec(text)?.[0]
  const printed = async (out: () => string): Promise<string> => {
    await until(() => linkIn(out()) !== undefined)
    return linkIn(out()) as string
  }
  const off = await served({ POSTERN_BOOTSTRAP: 'off' })
  assert.deepEqual([off.status, off.out], [0, ''])
  let first = ''
  const one = await served({}, async (out) => {
    first = await printed(out)
  })
  assert.equal(linkIn(one.err), undefined)
  assert.match(one.out, /A phone cannot open this address/)
  const browser = new Browser(`http://localhost:${port}`)
  const two = await served({}, async (out) => {
    const second = await printed(out)
    assert.notEqual(second, first)
    const { inspectCode } = contract
    assert.equal((await browser.call(inspectCode, partsOf(first))).state, 'revoked')
    const { expiresAt } = await browser.call(inspectCode, partsOf(second))
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 30 * 60_000) < 20_000)
    const { confirmed } = await enrolByCode(browser, second, { username: 'olga' })
    assert.deepEqual(confirmed.user.roles, ['owner'])
  })
  assert.equal(two.status, 0)
  const three = await served({})
  assert.deepEqual([three.status, three.out], [0, ''])
})

test('the host name is fixed at the first start; another one stops it, unless it is accepted; a proxy that nobody named is told of', async () => {
  const [databaseUrl, port] = [await freshDatabase(), await freePort()]
  const env = (name: string): Env => ({
    DATABASE_URL: databaseUrl,
    POSTERN_KEY_FILE: join(folder, 'master.key'),
    POSTERN_ORIGIN: `https://${name}.example.org`,
    POSTERN_LISTEN: `127.0.0.1:${port}`,
    POSTERN_LOG: 'silent',
    POSTERN_BOOTSTRAP: 'off',
  })
  const folder = scratchFolder()
  const starts = async (name: string, more: { argv?: string[]; env?: Env } = {}): Promise<string> => {
    const running = begin({ ...env(name), ...more.env }, 'serve', ...(more.argv ?? []))
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true)
    running.stop()
    const { status, err } = await running.done
    assert.equal(status, 0)
    return err
  }
  const refused = async (name: string, was: string): Promise<void> => {
    const { status, err } = await postern(env(name), 'serve')
    assert.equal(status, 1)
    assert.match(err, /^[^\n]+\n$/)
    assert.ok(err.includes(`POSTERN_ORIGIN is ${name}.example.org, but this deployment was set up as ${was}.example.org`), err)
    assert.ok(err.includes('--accept-new-rp-id'))
  }
  // on loopback under another name there is a proxy, and nobody was told of it
  const advice = 'POSTERN_TRUSTED_PROXIES is not set: whoever comes to https://first.example.org has the address of the proxy'
  assert.ok((await starts('first')).includes(advice))
  assert.ok(!(await starts('first', { env: { POSTERN_TRUSTED_PROXIES: '127.0.0.1' } })).includes('POSTERN_TRUSTED_PROXIES'))
  await refused('second', 'first')
  await starts('second', { argv: ['--accept-new-rp-id'] })
  await refused('first', 'second')
  await starts('second')
})

test('with the embedded database: beside a running server, and with one that the command starts itself', async () => {
  const data = { POSTERN_DATA: join(scratchFolder(), 'data') }
  const server = await startProcess(data)
  await until(() => server.output().includes('Nobody operates this Postern yet'))
  const env = { ...data, POSTERN_ORIGIN: server.origin }
  const [created, wrong, green] = await Promise.all([
    spawned(env, 'user', 'create', 'ada', '--json'),
    spawned(env, 'user', 'create'),
    spawned(env, 'preflight'),
  ])
  assert.deepEqual([created.status, contract.User.parse(JSON.parse(created.out)).username], [0, 'ada'])
  assert.deepEqual([wrong.status, wrong.out], [2, ''])
  assert.equal(green.status, 0, green.out + green.err)
  assert.equal((await fetch(`${server.origin}/readyz`)).status, 200)
  await server.kill('SIGTERM')

  const alone = await spawned(env, 'user', 'list', '--json')
  assert.equal(alone.status, 0, alone.err)
  assert.deepEqual(
    contract.listUsers.output.parse(JSON.parse(alone.out)).items.map((user) => [user.username.slice(0, 10), user.state]),
    [
      ['ada', 'active'],
      ['preflight-', 'offboarded'],
    ],
  )
  // what it recorded has its place in the order, though no server runs
  const verified = await postern(env, 'log', 'verify', '--json')
  assert.deepEqual([verified.status, JSON.parse(verified.out).pending], [0, 0])
})

test('many codes and files of people: dry run, job, what failed, and the zip, on the host without a server and over HTTP', async () => {
  const server = await startServer()
  await firstOperator(server)
  const remote = await remoteOf(server, 'operator')
  const folder = scratchFolder()
  const file = join(folder, 'people.csv')
  for (const [way, env] of [
    ['host', hostOf(server)],
    ['token', remote],
  ] as const) {
    writeFileSync(file, `username,enrol\n${way}-ada,screen\n${way}-bob,screen\n!,\n`)
    const dry = await postern(env, 'user', 'import', file, '--dry-run')
    assert.deepEqual([dry.status, dry.out], [1, '3 rows: 2 good, 1 not\n'])
    assert.match(dry.err, /^row 3: username at least 2 characters$/m)
    const job = contract.BulkJob.parse(await answer(env, 'user', 'import', file))
    assert.deepEqual([job.state, job.done, job.failed], ['done', 2, 1])
    const errors = await postern(env, 'bulk', 'errors', job.id)
    assert.match(errors.out, /^3,!,.*username: at least 2 characters\r$/m)
    const zip = join(folder, `${way}.zip`)
    await answer(env, 'bulk', 'results', job.id, '--out', zip)
    assert.match(new TextDecoder().decode(unzipSync(readFileSync(zip))['index.csv']), new RegExp(`^1,${way}-ada,cod_`, 'm'))
    assert.equal(statSync(zip).mode & 0o777, 0o600)
    const again = await postern(env, 'bulk', 'results', job.id, '--out', zip)
    assert.deepEqual([again.status, /it exists already/.test(again.err)], [2, true])
    const gone = await postern(env, 'bulk', 'results', job.id, '--out', join(folder, `${way}2.zip`))
    assert.deepEqual([gone.status, /fetched already/.test(gone.err)], [1, true])

    const link = contract.Code.parse(await answer(env, 'code', 'create', `${way} poster`, '--to', 'https://www.example.org/'))
    const printed = contract.BulkJob.parse(await answer(env, 'bulk', 'print', '--q', `${way} poster`, '--symbols', 'pdf'))
    assert.deepEqual([printed.state, printed.done, printed.failed], ['done', 1, 0])
    const posters = join(folder, `${way}-posters.zip`)
    await answer(env, 'bulk', 'results', printed.id, '--out', posters)
    const drawn = unzipSync(readFileSync(posters))
    assert.deepEqual(Object.keys(drawn).sort(), ['index.csv', `pdf/0001-${way}-poster.pdf`])
    assert.match(new TextDecoder().decode(drawn['index.csv']), new RegExp(`,${link.id},`))

    const counted = await postern(env, 'bulk', 'revoke', '--reason', 'x', '--q', `${way}-`, '--dry-run')
    assert.match(counted.out, /^2 in all; the first:\n/)
    const revoked = contract.BulkJob.parse(await answer(env, 'bulk', 'revoke', '--reason', 'a test', '--q', `${way}-`))
    assert.deepEqual([revoked.state, revoked.done], ['done', 2])
    const none = await postern(env, 'bulk', 'revoke', '--reason', 'x')
    assert.deepEqual([none.status, /say which/.test(none.err)], [2, true])
    const listed = await postern(env, 'bulk', 'list')
    assert.match(listed.out, new RegExp(`^${revoked.id} +revoke +done +2 +0 +2 `, 'm'))
  }
})
