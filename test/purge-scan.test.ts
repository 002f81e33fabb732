import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import * as contract from '@postern/contract'
import fc from 'fast-check'
import encodeQR from 'qr'
import sharp from 'sharp'
import { readFile } from '../cli/src/purge-scan/read-file.ts'
import { Reader } from '../cli/src/purge-scan/reader.ts'
import { run } from '../cli/src/run.ts'
import { base32 } from '../server/src/features/totp/index.ts'
import { said } from './support/attack.ts'
import { scratchFolder } from './support/cluster.ts'
import { firstOperator, forgetStep, newPerson, passcode } from './support/people.ts'
import { startServer } from './support/server.ts'

const server = await startServer()
const olga = await firstOperator(server)
const { token } = await olga.browser.call(contract.createToken, { name: 'scan', scopes: ['operator'] })
const env = { POSTERN_URL: server.origin, POSTERN_TOKEN: token as string, LANG: 'C.UTF-8' }
const postern = async (...argv: string[]): Promise<{ status: number; out: string; err: string }> => {
  let [out, err] = ['', '']
  const status = await run(argv, {
    env,
    out: async (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    columns: undefined,
    signal: new AbortController().signal,
  })
  return { status, out, err }
}

/** A symbol as grey pixels, quiet zone and all. */
const symbol = (text: string, scale = 6): { width: number; height: number; data: Buffer } => {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: 4 })
  const width = modules.length * scale
  const data = Buffer.alloc(width * width)
  for (let y = 0; y < width; y++)
    for (let x = 0; x < width; x++) data[y * width + x] = modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] ? 0 : 255
  return { width, height: width, data }
}
const picture = (text: string, scale?: number) => {
  const { data, width, height } = symbol(text, scale)
  return sharp(data, { raw: { width, height, channels: 1 } })
}
/** A PDF with pictures, one a page, as a printer driver would write them: nothing but the format's own words. */
const pdf = (...pages: ReturnType<typeof symbol>[]): Buffer => {
  const objects: Buffer[] = []
  const kids = pages.map((_, at) => `${3 + at * 3} 0 R`).join(' ')
  objects.push(Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'))
  objects.push(Buffer.from(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`))
  for (const [at, { width, height, data }] of pages.entries()) {
    const packed = deflateSync(data)
    const draw = 'q 200 0 0 200 150 400 cm /I Do Q'
    objects.push(
      Buffer.from(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${4 + at * 3} 0 R /Resources << /XObject << /I ${5 + at * 3} 0 R >> >> >>`,
      ),
      Buffer.from(`<< /Length ${draw.length} >>\nstream\n${draw}\nendstream`),
      Buffer.concat([
        Buffer.from(
          `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode /Length ${packed.length} >>\nstream\n`,
        ),
        packed,
        Buffer.from('\nendstream'),
      ]),
    )
  }
  const parts = [Buffer.from('%PDF-1.4\n')]
  const offsets: number[] = []
  let length = 9
  for (const [at, object] of objects.entries()) {
    offsets.push(length)
    const part = Buffer.concat([Buffer.from(`${at + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')])
    parts.push(part)
    length += part.length
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  )
  return Buffer.concat(parts)
}
const mail = (...parts: { type: string; bytes: Buffer; inline?: boolean }[]): string =>
  [
    'From: ada@example.org',
    'To: all@example.org',
    'Subject: your new key',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="edge"',
    '',
    '--edge',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<p>Scan <b>this</b></p>',
    ...parts.flatMap(({ type, bytes, inline }) => [
      '--edge',
      `Content-Type: ${type}; name="key"`,
      `Content-Disposition: ${inline ? 'inline' : 'attachment'}; filename="key"`,
      ...(inline ? ['Content-ID: <key@example.org>'] : []),
      'Content-Transfer-Encoding: base64',
      '',
      bytes.toString('base64').replace(/.{76}/g, '$&\r\n'),
    ]),
    '--edge--',
    '',
  ].join('\r\n')
const key = randomBytes(32)
const printOf = (secret: string): string =>
  createHmac('sha256', key)
    .update(Buffer.from(contract.fromBase32(secret) ?? []))
    .digest('base64url')
const linkOf = (secret: string, label = 'Elsewhere:ada'): string => `otpauth://totp/${label}?secret=${secret}&issuer=Elsewhere`
const fresh = (bytes = 20): string => base32(randomBytes(bytes))
const folder = scratchFolder()
const readAs = async (name: string, content: Buffer | string) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return readFile({ path, key: key.toString('base64url') })
}
const prints = (read: Awaited<ReturnType<typeof readFile>>): string[] =>
  read.is === 'read' ? read.codes.flatMap(({ fingerprint }) => fingerprint ?? []).sort() : [`${read.is}`]

test('a symbol is found in each format, turned, small, dark, transparent, and several in one picture', async () => {
  const secret = fresh()
  const base = () => picture(linkOf(secret))
  const made: Record<string, Buffer> = {
    'a.png': await base().png().toBuffer(),
    'b.jpg': await base().jpeg({ quality: 40 }).toBuffer(),
    'c.webp': await base().webp({ quality: 60 }).toBuffer(),
    'd.gif': await base().gif().toBuffer(),
    'named wrongly.txt': await base().png().toBuffer(),
    'upside down.png': await base().rotate(180).png().toBuffer(),
    'slanted.png': await base().rotate(33, { background: '#fff' }).png().toBuffer(),
    'tilted.jpg': await base().rotate(-45, { background: '#fff' }).jpeg().toBuffer(),
    'dark.png': await base().negate().png().toBuffer(),
    'blurred.png': await base().blur(3).png().toBuffer(),
    'in a page.png': await sharp({ create: { width: 2_480, height: 3_508, channels: 3, background: '#fff' } })
      .composite([{ input: await base().resize(330).png().toBuffer(), left: 1_500, top: 2_700 }])
      .png()
      .toBuffer(),
  }
  for (const [name, bytes] of Object.entries(made)) assert.deepEqual(prints(await readAs(name, bytes)), [printOf(secret)], name)

  const three = [fresh(), fresh(32), fresh(16)]
  const sheet = sharp({ create: { width: 1_800, height: 900, channels: 3, background: '#eee' } })
  const parts = await Promise.all(three.map((each) => picture(linkOf(each), 5).png().toBuffer()))
  const together = await sheet
    .composite(parts.map((input, at) => ({ input, left: 40 + at * 580, top: 60 + at * 150 })))
    .png()
    .toBuffer()
  assert.deepEqual(prints(await readAs('three.png', together)), three.map(printOf).sort())
  // the third frame of a moving picture
  const frames = await Promise.all([1, 2].map(() => picture('https://example.org/').resize(300, 300).png().toBuffer()))
  const last = await picture(linkOf(secret)).resize(300, 300).png().toBuffer()
  const moving = await sharp([...frames, last], { join: { animated: true } })
    .gif()
    .toBuffer()
  assert.deepEqual(prints(await readAs('moving.gif', moving)), [printOf(secret)])
})

test('PDF and mails: pages, attachments, pictures in the text, links, mails in mails', async () => {
  const [a, b, c, d] = [fresh(), fresh(), fresh(), fresh()]
  const document = pdf(symbol('https://example.org'), symbol(linkOf(a)), symbol(linkOf(b)))
  assert.deepEqual(prints(await readAs('print.pdf', document)), [printOf(a), printOf(b)].sort())
  const png = await picture(linkOf(c)).png().toBuffer()
  const letter = mail({ type: 'application/pdf', bytes: document }, { type: 'image/png', bytes: png, inline: true })
  assert.deepEqual(prints(await readAs('letter.eml', letter)), [printOf(a), printOf(b), printOf(c)].sort())
  const forwarded = mail({ type: 'message/rfc822', bytes: Buffer.from(letter) })
  assert.deepEqual(prints(await readAs('forwarded', forwarded)), [printOf(a), printOf(b), printOf(c)].sort())
  const typed = `From: it@example.org\r\nSubject: key\r\nContent-Type: text/html\r\n\r\n<a href="${linkOf(d).replace('&', '&amp;')}">tap</a>`
  assert.deepEqual(prints(await readAs('typed.eml', typed)), [printOf(d)])
  // deeper than that is said, not read
  let deep = letter
  for (let depth = 0; depth < 5; depth++) deep = mail({ type: 'message/rfc822', bytes: Buffer.from(deep) })
  const read = await readAs('deep.eml', deep)
  assert.ok(read.is === 'read' && read.codes.length === 0 && read.notes.some((note) => note.includes('deep')))
})

test('what is asked about: no short secret, no other text; and no secret leaves the reader', async () => {
  const [short, long] = [fresh(10), fresh(130)]
  const read = await readAs('short.png', await picture(linkOf(short, 'Site:bob')).png().toBuffer())
  assert.deepEqual(read, { is: 'read', codes: [{ fingerprint: null, issuer: 'Elsewhere', label: 'bob' }], notes: [] })
  const lengthy = await readAs('long.png', await picture(linkOf(long)).png().toBuffer())
  assert.deepEqual(lengthy.is === 'read' && lengthy.codes[0]?.fingerprint, null)
  assert.ok(!JSON.stringify([read, lengthy]).includes(short))
  assert.deepEqual(prints(await readAs('web.png', await picture('https://example.org/otpauth://').png().toBuffer())), [])
  const whole = Buffer.from([
    0x0a,
    0x1c,
    0x0a,
    0x14,
    ...Array.from({ length: 20 }, (_, at) => at),
    0x12,
    0x02,
    0x6d,
    0x65,
    0x30,
    0x02,
  ])
  const exported = `otpauth-migration://offline?data=${encodeURIComponent(whole.toString('base64'))}`
  assert.deepEqual(prints(await readAs('export.png', await picture(exported).png().toBuffer())), [
    createHmac('sha256', key).update(whole.subarray(4, 24)).digest('base64url'),
  ])
})

test('whatever a file holds, the reader answers in words: cut off, huge, bombs, nothing, links', async () => {
  const good = await picture(linkOf(fresh())).png().toBuffer()
  const huge = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: '#fff' } })
    .png({ compressionLevel: 9 })
    .toBuffer()
  assert.ok(huge.length < 2_000_000)
  const bomb = await readAs('bomb.png', huge)
  assert.ok(bomb.is === 'failed' && /pixel limit/i.test(bomb.why), JSON.stringify(bomb))
  assert.deepEqual(await readAs('nothing.png', Buffer.alloc(0)), { is: 'other' })
  for (const name of ['cut.pdf', 'no pages.pdf']) {
    const read = await readAs(name, name === 'cut.pdf' ? pdf(symbol('x')).subarray(0, 200) : '%PDF-1.4\n')
    assert.ok(read.is === 'failed' && read.why !== '', name)
  }
  const large = join(folder, 'large.png')
  writeFileSync(large, Buffer.concat([good, Buffer.alloc(65 * 1_048_576)]))
  assert.deepEqual(await readFile({ path: large, key: '' }), { is: 'skipped', why: 'is larger than 64 MiB' })
  writeFileSync(large, '')
  symlinkSync('/etc/passwd', join(folder, 'link'))
  assert.equal((await readFile({ path: join(folder, 'link'), key: '' })).is, 'failed')
  assert.equal((await readFile({ path: join(folder, 'not there'), key: '' })).is, 'failed')
  const starts = [
    '\x89PNG\r\n\x1a\n',
    '\xff\xd8\xff',
    'GIF89a',
    'RIFF\0\0\0\0WEBPVP8 ',
    'From: a\r\n',
    'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n',
    '%PDF-1.7\n',
  ]
  const some = fc.oneof(
    fc
      .tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 400 }))
      .map(([start, rest]) => Buffer.concat([Buffer.from(start, 'latin1'), rest])),
    fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => {
      const broken = Buffer.from(good)
      broken[at] = value
      return broken
    }),
    fc.nat(good.length).map((length) => good.subarray(0, length)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(some, async (bytes) => {
      const read = await readAs('some', bytes)
      if (read.is === 'failed') assert.ok(read.why.length > 0 && read.why.length <= 200)
    }),
    { numRuns: 120 },
  )
})

/** Processes of readers that this one started. */
const readersRunning = (): number[] =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('reader-main'))
    .map(Number)
test('a file that brings the reading process down costs itself alone; the process has no token of ours', async () => {
  process.env.POSTERN_TOKEN = 'pst_not_for_readers'
  const reader = new Reader()
  const path = join(folder, 'ok.png')
  const secret = fresh()
  writeFileSync(path, await picture(linkOf(secret)).png().toBuffer())
  const request = { path, key: key.toString('base64url') }
  assert.deepEqual(prints(await reader.read(request)), [printOf(secret)])
  const [pid] = readersRunning()
  assert.ok(pid)
  assert.ok(!readFileSync(`/proc/${pid}/environ`, 'utf8').includes('pst_'))
  delete process.env.POSTERN_TOKEN
  const long = join(folder, 'long.pdf')
  writeFileSync(long, pdf(...Array.from({ length: 40 }, () => symbol('https://example.org'))))
  const broken = reader.read({ ...request, path: long })
  process.kill(pid, 'SIGSEGV')
  assert.deepEqual(await broken, { is: 'failed', why: 'brought down the process that read it' })
  assert.deepEqual(prints(await reader.read(request)), [printOf(secret)])
  reader.close()
})

test('a folder: live, dead and foreign codes are told apart, the people are queued, and no secret goes anywhere', async () => {
  const [ada, bob] = [await newPerson(server, olga, 'ada'), await newPerson(server, olga, 'bob')]
  const pending = await bob.browser.call(contract.startTotp, {})
  const root = scratchFolder()
  mkdirSync(join(root, 'mails/2019'), { recursive: true })
  const dead = fresh()
  const save = async (name: string, text: string) => writeFileSync(join(root, name), await picture(text).png().toBuffer())
  const own = (secret: string, name: string) =>
    `otpauth://totp/Postern:${name}?secret=${secret}&issuer=Postern&algorithm=SHA1&digits=6&period=30`
  await save('mails/2019/ada.png', own(ada.secret, 'ada'))
  await save('mails/ada again.png', own(ada.secret, 'ada'))
  await save('pending.png', pending.otpauthUrl)
  await save('dead.png', own(dead, 'carl'))
  writeFileSync(join(root, 'foreign.pdf'), pdf(symbol(linkOf(fresh(10)))))
  writeFileSync(join(root, 'broken.png'), (await picture('x').png().toBuffer()).subarray(0, 40))
  writeFileSync(join(root, 'notes.txt'), 'nothing')
  symlinkSync(root, join(root, 'mails/loop'))
  const untouched = readFileSync(join(root, 'dead.png'))

  const plain = await postern('purge-scan', root)
  assert.equal(plain.status, 1, plain.err)
  assert.match(plain.out, /^live +ada +Postern +ada +mails\/2019\/ada\.png$/m)
  assert.match(plain.out, /^live +bob +Postern +bob +pending\.png$/m)
  assert.match(plain.out, /^dead +- +Postern +carl +dead\.png$/m)
  assert.match(plain.out, /^foreign +- +Elsewhere +ada +foreign\.pdf$/m)
  assert.match(plain.out, /^broken\.png: .+$/m)
  assert.match(plain.out, /3 codes work still \(2 people\), 1 of this deployment are dead, 1 are of others/)
  assert.match(plain.out, /1 links not followed/)

  const from = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const json = await postern('purge-scan', root, '--queue', '--from', from, '--reason', 'folder of 2019', '--json')
  assert.equal(json.status, 1, json.err)
  const report = JSON.parse(json.out)
  assert.deepEqual([report.queued.people, report.queued.skipped], [2, []])
  assert.equal((await olga.browser.call(contract.getUser, { id: ada.id })).totpKey?.renewBy, `${from}T00:00:00.000Z`)
  for (const secret of [ada.secret, dead, pending.secret])
    assert.ok(![plain.out, plain.err, json.out, json.err].join().includes(secret))
  assert.deepEqual(readFileSync(join(root, 'dead.png')), untouched)
  // nothing was spent or ended by looking
  await forgetStep(server, bob)
  assert.equal(
    (await bob.browser.call(contract.confirmTotp, { id: pending.id, code: passcode(pending.secret) })).recoveryCodes,
    undefined,
  )

  const { items } = await olga.browser.call(contract.listEvents, { type: 'historical.', limit: 20 })
  assert.deepEqual(
    items.filter(({ type }) => type === 'historical.compared').map(({ detail }) => [detail.fingerprints, detail.live]),
    [
      [3, 2],
      [3, 2],
    ],
  )
  const clean = scratchFolder()
  assert.equal((await postern('purge-scan', clean)).status, 0)
  for (const argv of [
    [],
    [join(root, 'nowhere')],
    [root, '--queue'],
    [root, '--from', from],
    [root, '--queue', '--from', 'soon'],
    [root, '--reason', 'x'],
  ])
    assert.equal((await postern('purge-scan', ...argv)).status, 2, argv.join(' '))
})

test('what was found is told also where the server refuses the date', async () => {
  const secret = fresh()
  await olga.browser.call(contract.createUser, { username: 'late' })
  await olga.browser.call(contract.importTotp, { content: `otpauth://totp/late?secret=${secret}` })
  const root = scratchFolder()
  writeFileSync(join(root, 'late.png'), await picture(linkOf(secret, 'Elsewhere:late')).png().toBuffer())
  const past = ['purge-scan', root, '--queue', '--from', '2199-01-01']
  const { status, out, err } = await postern(...past)
  assert.equal(status, 1)
  assert.match(out, /^live +late +Elsewhere +late +late\.png$/m)
  assert.match(out, /^0 people re-enrol from 2199-01-01/m)
  assert.match(err, /^postern purge-scan: from: .*\(invalid-request\)$/m)
  const json = await postern(...past, '--json')
  assert.equal(JSON.parse(json.out).people.length, 1)
  assert.equal(JSON.parse(json.err).status, 422)
})

test('a key that several people have is told for each, and all of them are queued', async () => {
  const secret = fresh()
  for (const username of ['root-ada', 'root-bob']) {
    await olga.browser.call(contract.createUser, { username })
    const content = `otpauth://totp/${username}?secret=${secret}`
    assert.equal((await olga.browser.call(contract.importTotp, { content })).imported, 1)
  }
  const root = scratchFolder()
  writeFileSync(join(root, 'root.png'), await picture(linkOf(secret, 'Elsewhere:root')).png().toBuffer())
  const from = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const { status, out, err } = await postern('purge-scan', root, '--queue', '--from', from)
  assert.equal(status, 1, err)
  for (const username of ['root-ada', 'root-bob']) {
    assert.match(out, new RegExp(`^live +${username} +Elsewhere +root +root\\.png$`, 'm'))
    const { items } = await olga.browser.call(contract.listUsers, { q: username })
    assert.equal(
      (await olga.browser.call(contract.getUser, { id: items[0]?.id as string })).totpKey?.renewBy,
      `${from}T00:00:00.000Z`,
    )
  }
  assert.match(out, /^1 codes work still \(2 people\), 0 of this deployment are dead, 0 are of others/m)
})

test('a scan’s key is its opener’s, for a day and for so many fingerprints; each scan has another key', async () => {
  const machine = server.browser()
  machine.bearer = token as string
  const [one, two] = [await machine.call(contract.openPurgeScan, {}), await machine.call(contract.openPurgeScan, {})]
  assert.notEqual(one.key, two.key)
  const under = (scan: { key: string }, secret: string): string =>
    createHmac('sha256', Buffer.from(scan.key, 'base64url'))
      .update(Buffer.from(contract.fromBase32(secret) ?? []))
      .digest('base64url')
  const olgas = under(one, olga.secret)
  const compare = (id: string, fingerprints: string[], by = machine) => by.try(contract.compareFingerprints, { id, fingerprints })
  assert.deepEqual(
    (await compare(one.id, [olgas, under(one, fresh())])).value.live.map(({ fingerprint, user, state }) => [
      fingerprint,
      user.username,
      state,
    ]),
    [[olgas, 'olga', 'active']],
  )
  // a fingerprint is worth nothing under another scan's key, to another caller, or later
  assert.deepEqual((await compare(two.id, [olgas])).value.live, [])
  assert.equal(said(await compare(one.id, [olgas], olga.browser)), 'not-found')
  const [stored] = await server.sql(`select key from purge_scan order by id limit 1`)
  assert.ok(!(stored as { key: Buffer }).key.includes(Buffer.from(one.key, 'base64url')))
  await server.sql(`update purge_scan set compared = 99999`)
  assert.equal(said(await compare(one.id, [olgas, under(one, fresh())])), 'rate-limited')
  assert.equal(said(await compare(one.id, [olgas])), '200')
  await server.sql(`update purge_scan set expires_at = now()`)
  assert.equal(said(await compare(one.id, [olgas])), 'not-found')
  for (const wrong of [[], ['short'], Array.from({ length: 1_001 }, () => olgas)])
    assert.equal(said(await compare(two.id, wrong)), 'invalid-request')
})
