import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import * as contract from '@postern/contract'
import { findRunningEmbeddedPostgres, settingsTable } from '@postern/server'
import pg from 'pg'
import sharp from 'sharp'
import { apps, settingsInQuestion } from '../web/src/console/enrol/apps.ts'
import { Browser } from './support/browser.ts'
import { freshDatabase, scratchFolder } from './support/cluster.ts'
import { enrolByCode, forgetStep, goodPassword, newPerson, passcode } from './support/people.ts'
import { symbolPng } from './support/photos.ts'
import { freePort, startServer, type TestServer } from './support/server.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
/** What people write; reference, flows and openapi.json are generated or recorded. */
const guides = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/{,decisions/}*.md', { cwd: root }).sort()]
const documents = [...guides, ...globSync(['docs/{reference,flows}/**/*.md', 'web/README.md'], { cwd: root }).sort()]

type Block = { info: string; lines: string[] }
const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info = '', body = '']) => ({
    info,
    lines: body.split('\n').filter((line) => line.trim() !== ''),
  }))
const proseOf = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')

/** The cells of a document's tables, without their heads. */
const rowsOf = (file: string): string[][] =>
  read(file)
    .split('\n')
    .filter((line, at, lines) => line.startsWith('|') && !/^\|[ |-]+$/.test(line) && !/^\|[ |-]+$/.test(lines[at + 1] ?? ''))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )

/** The anchor that hosts make of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
const anchorsIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

test('every link inside the repository leads somewhere', () => {
  const broken = documents.flatMap((file) =>
    [...proseOf(read(file)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#')
        const full = path === '' ? join(root, file) : resolve(root, dirname(file), path)
        return !existsSync(full) || (anchor !== undefined && !anchorsIn(full).includes(anchor))
      })
      .map((target) => `${file}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('the documents speak as they should, and of nothing that is not theirs', () => {
  // what is looked for, and may stand in no document: marks of what is not finished (this line is none: it is the pattern that
  // finds them), places of one machine, and words that the writing of the product keeps out
  const never = [/\bTODO\b|\bFIXME\b|\bTBD\b/, /\/work\//, /\/root\/(?!`)/, /\bsimply\b/i, /\boops\b/i, /\bplease\b/i]
  const found = guides.flatMap((file) => [
    ...never.filter((word) => word.test(read(file))).map((word) => `${file}: ${word}`),
    // an image begins with one
    ...(/!(?!\[)/.test(proseOf(read(file))) ? [`${file}: an exclamation mark`] : []),
  ])
  assert.deepEqual(found, [])
})

test('every setting, event type, refusal and command is documented', () => {
  const operators = read('docs/operators.md')
  for (const { name } of settingsTable()) {
    assert.ok(read('docs/reference/settings.md').includes(`\`${name}\``), name)
    assert.ok(operators.includes(`\`${name}\``), `operators.md: ${name}`)
  }
  for (const type of Object.keys(contract.eventTypes))
    assert.ok(read('docs/reference/events.md').includes(`\`${type}\``), `events.md: ${type}`)
  for (const code of contract.refusalCodes)
    assert.ok(read('docs/reference/refusals.md').includes(`\`${code}\``), `refusals.md: ${code}`)
  const help = execFileSync(process.execPath, [join(root, 'cli/bin/postern.mjs'), '--help']).toString()
  const commands = help.slice(help.indexOf('Commands:'), help.indexOf('Options:')).matchAll(/^ {4}(\w+)(?: (\w+))? {2}/gm)
  const table = operators.slice(operators.indexOf('## The command line'), operators.indexOf('## Settings of the environment'))
  for (const [, group = '', command] of commands) {
    const row = table.split('\n').find((line) => line.startsWith(`| \`${group}`))
    assert.ok(row?.includes(command ?? group), `operators.md: ${group} ${command ?? ''}`)
  }
})

test('every test that the threat model names is there', () => {
  const named = [...read('docs/threat-model.md').matchAll(/\]\(\.\.\/([\w/-]+\.test\.ts)\)((?::? ?,? ?“[^”]+”)*)/g)]
  const missing = named.flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title).filter((title) => !read(file).includes(title)),
  )
  assert.deepEqual(missing, [])
  assert.ok(named.length > 10)
})

test('the table of authenticator apps is the one that the set-up shows', () => {
  const words = { yes: 'follows it', no: 'ignores it', varies: 'depends on version', unknown: 'unknown' }
  const rows = apps.flatMap(({ name, settings }) =>
    settings
      ? [
          [
            name,
            ...settingsInQuestion.map((setting) => {
              const { verdict, source, url, date } = settings[setting]
              return url ? `${words[verdict]}<br>[${source}](${url}), ${date}` : words[verdict]
            }),
          ],
        ]
      : [],
  )
  assert.deepEqual(rowsOf('docs/authenticator-apps.md'), rows)
})

test('every dependency stands in its decision, with its licence', () => {
  const lock = (JSON.parse(read('package-lock.json')) as { packages: Record<string, { license?: string }> }).packages
  const named = new Set<string>()
  for (const file of ['package.json', 'contract/package.json', 'server/package.json', 'web/package.json', 'cli/package.json']) {
    const manifest = JSON.parse(read(file)) as Record<string, Record<string, string>>
    for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'])
      for (const name of Object.keys(manifest[kind] ?? {})) if (!name.startsWith('@postern/')) named.add(name)
  }
  const licences = new Map(
    rowsOf('docs/decisions/0005-dependencies.md')
      .filter((cells) => cells.length === 5)
      .map(([name = '', , licence]) => [name.replaceAll('`', ''), licence]),
  )
  for (const name of named) assert.equal(licences.get(name), lock[`node_modules/${name}`]?.license?.replace(/[()]/g, ''), name)
  assert.deepEqual(
    [...licences.keys()].filter((name) => !named.has(name)),
    [],
  )
})

// CI itself runs these two, before and around this test
const provedElsewhere = new Set(['npm ci && npm start', 'npm ci && npm test'])
const databaseOfTheDocs = 'postgres://postern:secret@db.example.org/postern'
const certificateOfTheDocs = '/etc/postern'
const portOfTheDocs = /\b8470\b/g

test('every command of the documents works, on an installation made as the README says', { timeout: 600_000 }, async (t) => {
  const scratch = scratchFolder()
  const [port, otherPort] = [await freePort(), await freePort()]
  const origin = `http://localhost:${port}`
  mkdirSync(join(scratch, 'bin'))
  // npx finds the command in a checkout after npm ci; here it stands for itself, so that the test needs none
  const npx = join(scratch, 'bin/npx')
  writeFileSync(
    npx,
    `#!/bin/sh\n[ "$1" = postern ] || exit 2\nshift\nexec '${process.execPath}' '${root}/cli/bin/postern.mjs' "$@"\n`,
  )
  chmodSync(npx, 0o755)
  const env = {
    PATH: `${join(scratch, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: scratch,
    LANG: 'C.UTF-8',
    POSTERN_ORIGIN: origin,
    POSTERN_LISTEN: `127.0.0.1:${port}`,
  }
  const server = await startInstallation(scratch, env)
  after(() => server.child.kill('SIGKILL'))

  // first steps: the link on standard output makes the first operator, who makes people
  const installed = { origin, browser: () => new Browser(origin), sql: server.sql } as unknown as TestServer
  const olga = await enrolByCode(new Browser(origin), server.link, { username: 'olga' })
  const nina = await newPerson(installed, olga, 'nina')
  const lost = await olga.browser.call(contract.createUser, { username: 'linus' })
  const { code } = await olga.browser.call(contract.enrolUser, { id: lost.id, factor: 'totp' })
  await makeCertificate(scratch)
  mkdirSync(join(scratch, 'old-mail'))
  await takePhoto(join(scratch, 'photo.jpg'), olga.browser)

  const shell = async (file: string): Promise<void> => {
    const blocks = blocksOf(read(file)).filter(({ info }) => info === 'sh')
    const lines = blocks.flatMap((block) => block.lines).filter((line) => !provedElsewhere.has(line))
    const database = lines.some((line) => line.includes(databaseOfTheDocs)) ? await freshDatabase() : ''
    const script = lines.map((line, at) => {
      const serves = /npx postern serve$/.test(line)
      const real = line
        .replace(portOfTheDocs, String(serves ? otherPort : port))
        .replaceAll(certificateOfTheDocs, scratch)
        .replaceAll(databaseOfTheDocs, database)
      const never = /^npx postern events tail|^curl -sfN /.test(line)
      return `${serves ? '_serve ' : never ? '_moment ' : ''}${real}\necho ${at} >> '${scratch}/ran'\n`
    })
    writeFileSync(join(scratch, 'ran'), '')
    const run = await started('bash', ['-euo', 'pipefail', '-c', `${helpers}\n${script.join('')}`], {
      cwd: scratch,
      env: { ...env, SCRATCH: scratch, OTHER_PORT: String(otherPort), CODE_ID: code.id },
    })
    const ran = readFileSync(join(scratch, 'ran'), 'utf8').split('\n').filter(Boolean).length
    assert.equal(ran, lines.length, `${file}: “${lines[ran]}” does not work:\n${run.output.slice(-2_000)}`)
    assert.equal(run.status, 0, run.output)
  }
  const withCommands = guides.filter((file) => blocksOf(read(file)).some(({ info }) => info === 'sh'))
  for (const file of withCommands) await t.test(file, () => shell(file))
  await t.test('no block of commands stands outside these', () => {
    for (const file of guides)
      for (const { info } of blocksOf(read(file)))
        assert.ok(/^(sh|text|json|ini|js|nginx|sql|mermaid|sh no-run: .+)$/.test(info), `${file}: a block of “${info}”`)
  })
  await t.test('the sign-in in JavaScript', async () => {
    const blocks = blocksOf(read('docs/integrators.md')).filter(({ info }) => info === 'js')
    assert.equal(blocks.length, 1)
    writeFileSync(join(scratch, 'sign-in.mjs'), blocks.flatMap(({ lines }) => lines).join('\n'))
    await forgetStep(installed, nina)
    const { status, output } = await started(process.execPath, [join(scratch, 'sign-in.mjs')], {
      cwd: scratch,
      env: { ...env, ORIGIN: origin, NAME: 'nina', PASSWORD: goodPassword, PASSCODE: passcode(nina.secret) },
    })
    assert.match(output, /^complete aal2\nnina \d{4}-/)
    assert.equal(status, 0)
  })
  await t.test('SIGTERM ends it in order', async () => {
    server.child.kill('SIGTERM')
    assert.equal(await new Promise((done) => server.child.once('exit', done)), 0)
  })
})

/** A photo of a code that the installation issued. */
const takePhoto = async (file: string, browser: Browser): Promise<void> => {
  const code = await browser.call(contract.createCode, {
    kind: 'link',
    label: 'Gate',
    destination: { type: 'text', text: 'Hello' },
  })
  writeFileSync(
    file,
    await sharp(await symbolPng(browser, code.id))
      .jpeg()
      .toBuffer(),
  )
}
/** `_serve A=b npx postern serve`: in a folder of its own, until it is ready, then SIGTERM. `_moment`: what never ends, until it has answered. */
const helpers = `
_ready() { curl -ksf "https://127.0.0.1:$OTHER_PORT/readyz" > /dev/null || curl -sf "http://127.0.0.1:$OTHER_PORT/readyz" > /dev/null; }
_serve() {
  local folder pid n
  folder=$(mktemp -d -p "$SCRATCH")
  (cd "$folder" && exec env "$@") &
  pid=$!
  for n in $(seq 600); do _ready && break; kill -0 "$pid" || return 1; sleep 0.2; done
  _ready
  kill -TERM "$pid"
  wait "$pid"
}
_moment() {
  local answer pid n
  answer=$(mktemp -p "$SCRATCH")
  "$@" > "$answer" &
  pid=$!
  for n in $(seq 300); do [ -s "$answer" ] && break; kill -0 "$pid" || return 1; sleep 0.2; done
  [ -s "$answer" ]
  kill -TERM "$pid"
  wait "$pid" || [ "$1" = curl ]
}
`

type Ended = { status: number | null; output: string }
const started = (file: string, args: string[], options: { cwd: string; env: Record<string, string> }): Promise<Ended> =>
  new Promise((done) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('close', (status) => done({ status, output }))
  })

/** `npx postern serve` in an empty folder: the embedded database, and the link for the first operator. */
const startInstallation = async (
  folder: string,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; link: string; sql: TestServer['sql'] }> => {
  const child = spawn('npx', ['postern', 'serve'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const deadline = Date.now() + 120_000
  let link: string | undefined
  while (!link) {
    link = /http:\/\/\S+\/c\/cod_\S+/.exec(output)?.[0]
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start: ${output}`)
    await new Promise((later) => setTimeout(later, 50))
  }
  const connection = await findRunningEmbeddedPostgres({ dataFolder: join(folder, 'data') })
  const sql = async (text: string, values: unknown[] = []) => {
    const client = new pg.Client(connection)
    await client.connect()
    try {
      return (await client.query(text, values)).rows as never
    } finally {
      await client.end()
    }
  }
  return { child, link, sql }
}

const makeCertificate = async (folder: string): Promise<void> => {
  const made = await started(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=postern.example.org', '-addext', 'subjectAltName=DNS:postern.example.org'],
      ...['-keyout', 'privkey.pem', '-out', 'fullchain.pem'],
    ],
    { cwd: folder, env: { PATH: process.env.PATH ?? '' } },
  )
  assert.equal(made.status, 0, made.output)
}

test('the unit for systemd names programs and settings that exist', () => {
  const [unit] = blocksOf(read('docs/operators.md')).filter(({ info }) => info === 'ini')
  const values = (key: string): string[] =>
    (unit?.lines ?? []).filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
  for (const word of values('ExecStart')[0]?.split(' ') ?? [])
    if (word.startsWith('/')) assert.ok(existsSync(word.replace('/opt/postern', root)), word)
  const known = new Set(settingsTable().map(({ name }) => name))
  for (const setting of values('Environment')) assert.ok(known.has(setting.split('=')[0] as string), setting)
  assert.equal(values('ExecStart').length, 1)
})

test('nginx as documented: TLS, the right host, addresses that clients cannot choose, live events', {
  timeout: 120_000,
}, async () => {
  const server = await startServer({
    env: { POSTERN_ORIGIN: 'https://postern.example.org', POSTERN_TRUSTED_PROXIES: '127.0.0.1' },
  })
  const folder = scratchFolder()
  await makeCertificate(folder)
  const [tls, plain] = [await freePort(), await freePort()]
  const [config] = blocksOf(read('docs/operators.md')).filter(({ info }) => info === 'nginx')
  const site = (config?.lines ?? [])
    .join('\n')
    .replace('listen 443 ssl', `listen 127.0.0.1:${tls} ssl`)
    .replace('listen 80', `listen 127.0.0.1:${plain}`)
    .replace(portOfTheDocs, new URL(server.origin).port)
    .replaceAll(certificateOfTheDocs, folder)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};\n`).join('')}${site}\n}\n`,
  )
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const checked = spawnSync('nginx', ['-t', '-p', folder, '-c', join(folder, 'nginx.conf')], { env })
  assert.equal(checked.status, 0, checked.stderr.toString())
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { env, stdio: 'ignore' })
  after(() => nginx.kill('SIGQUIT'))

  const curl = (url: string, ...options: string[]): Promise<Ended> =>
    started(
      'curl',
      [
        ...['-s', '--cacert', join(folder, 'fullchain.pem'), '--connect-to', `postern.example.org:443:127.0.0.1:${tls}`],
        ...['--connect-to', `postern.example.org:80:127.0.0.1:${plain}`, ...options, url],
      ],
      { cwd: folder, env: { PATH: env.PATH } },
    )
  for (let tries = 0; (await curl('https://postern.example.org/healthz')).status !== 0; tries++) {
    assert.ok(tries < 100, 'nginx does not answer')
    await new Promise((later) => setTimeout(later, 100))
  }
  const ready = await curl('https://postern.example.org/api/deployment')
  assert.equal((JSON.parse(ready.output) as { origin: string }).origin, 'https://postern.example.org')
  assert.match(
    (await curl('http://postern.example.org/users?q=a', '-i')).output,
    /location: https:\/\/postern.example.org\/users\?q=a/i,
  )
  assert.match((await curl('https://postern.example.org/', '-i')).output, /strict-transport-security/i)
  const other = await curl('https://postern.example.org/api/deployment', '-H', 'Host: evil.example.org')
  assert.match(other.output, /"code":"misdirected"/)

  const forged = ['-H', 'X-Forwarded-For: 203.0.113.9', '-H', 'Forwarded: for=203.0.113.9']
  const guess = { id: 'cod_00000000000000000000000000', secret: 'guessed' }
  assert.match(
    (await curl('https://postern.example.org/api/codes/inspect', ...forged, '--json', JSON.stringify(guess))).output,
    /"code":"code-unknown"/,
  )
  const tag = (address: string): Buffer => server.core.keys.hash('address', address).subarray(0, 8)
  const rows = (await server.sql(`select address_tag from event where type = 'code.inspected'`)) as unknown as {
    address_tag: Buffer
  }[]
  assert.deepEqual(
    rows.map((row) => row.address_tag.equals(tag('127.0.0.1'))),
    [true],
  )

  const token = await started(
    process.execPath,
    [join(root, 'cli/bin/postern.mjs'), 'token', 'create', '--name', 'tail', '--scope', 'auditor', '--json'],
    {
      cwd: folder,
      env: { DATABASE_URL: server.databaseUrl, POSTERN_KEY_FILE: server.keyFile, POSTERN_ORIGIN: 'https://postern.example.org' },
    },
  )
  const bearer = /pst_[\w-]{49}/.exec(token.output)?.[0]
  const live = await curl(
    'https://postern.example.org/api/events/stream?after=-1',
    '-N',
    '--max-time',
    '3',
    '-H',
    `Authorization: Bearer ${bearer}`,
  )
  assert.match(live.output, /^retry: 1000[\s\S]*\nevent: event\ndata: \{/)
})
