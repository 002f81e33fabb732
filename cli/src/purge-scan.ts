import { realpath, stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { compareFingerprints, deploymentInfo, mostAtOnce, type Out, openPurgeScan, reEnrolUsers } from '@postern/contract'
import { type Command, type Status, WrongUse } from './command.ts'
import type { Io } from './io.ts'
import type { FoundCode } from './purge-scan/found-code.ts'
import { Reader } from './purge-scan/reader.ts'
import { filesBelow } from './purge-scan/walk.ts'
import { columns, printable } from './text.ts'

type Live = Out<typeof compareFingerprints>['live'][number]
/** `live` works here now, one for each whose it is; `dead` names this deployment and works no more; `foreign` is somebody else’s. */
type Finding = {
  file: string
  status: 'live' | 'dead' | 'foreign'
  issuer: string
  label: string
  live?: Omit<Live, 'fingerprint'>
}
type Scan = {
  codes: { file: string; code: FoundCode }[]
  failed: { file: string; why: string }[]
  skipped: { file: string; why: string }[]
  notes: { file: string; why: string }[]
  links: number
  read: number
  other: number
}
const everyMs = 2_000
/** Fingerprints that go in one call. */
const aCall = 500

export const purgeScan: Command = {
  name: 'purge-scan',
  does: 'Find old pictures of TOTP keys in a folder, and tell which still work',
  arguments: [{ name: 'FOLDER', says: 'the folder; with all below it, links are not followed' }],
  options: {
    queue: { says: 'also ask the people concerned to re-enrol, from the date of --from' },
    from: { value: 'DATE', says: 'with --queue: a day, 2026-12-01 (UTC), or an instant, 2026-12-01T08:00:00Z' },
    reason: { value: 'TEXT', says: 'with --queue: why, for the record' },
  },
  more: `Reads pictures (PNG, JPEG, WebP, GIF), PDF (by pdftoppm of poppler-utils, else they are
skipped and named) and mails with what is attached to them, on this machine, and looks for
otpauth:// and otpauth-migration:// codes. What leaves it are keyed fingerprints: the server
gives a fresh key, HMAC-SHA-256 of each secret under it is compared with the keys that work
there. Neither side tells the other a secret, and none is printed.

Over HTTP it takes a token of scope operator; without --url it works on the host.
Nothing in the folder is changed: delete the pictures yourself, once their people are moved.

The exit status is 1 when a code was found that still works, 0 when none was.`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const folder = await folderOf(given.argument('FOLDER'))
    const from = fromOf(given.flag('queue'), given.text('from'))
    if (given.text('reason') !== undefined && !from) throw new WrongUse('--reason goes with --queue')
    const { issuer } = await io.call(deploymentInfo, {})
    const opened = await io.call(openPurgeScan, {})
    const scan = await scanFolder(io, folder, opened.key)
    const live = await liveAmong(io, opened.id, scan.codes)
    const findings = scan.codes.flatMap(({ file, code }): Finding[] => {
      const { issuer: by, label } = code
      const known = (code.fingerprint ? live.get(code.fingerprint) : undefined) ?? []
      if (known.length === 0) return [{ file, status: by === issuer ? 'dead' : 'foreign', issuer: by, label }]
      return known.map(({ fingerprint: _, ...each }) => ({ file, status: 'live', issuer: by, label, live: each }))
    })
    const people = [...new Map(findings.flatMap(({ live }) => (live ? [[live.user.id, live.user] as const] : []))).values()]
    const queued: Queued | undefined = from === undefined ? undefined : { people: 0, skipped: [], from }
    // what hours of reading found is told also where queueing is refused then, or breaks off
    const failed =
      queued &&
      (await queue(io, people, queued, given.text('reason')).then(
        () => undefined,
        (error: unknown) => ({ error }),
      ))
    const { codes: _, ...rest } = scan
    await io.done({ folder, ...rest, findings, people, ...(queued ? { queued } : {}) }, reportOf(scan, findings, people, queued))
    if (failed) throw failed.error
    return (people.length > 0 ? 1 : 0) satisfies Status
  },
}

const folderOf = async (given: string): Promise<string> => {
  const folder = await realpath(given).catch(() => undefined)
  if (folder === undefined || !(await stat(folder)).isDirectory())
    throw new WrongUse(`FOLDER is ${given}; there is no such folder`)
  return folder
}
/** The instant of `--from`. Throws WrongUse. */
const fromOf = (queue: boolean, from: string | undefined): string | undefined => {
  if (queue !== (from !== undefined)) throw new WrongUse('--queue and --from go together: who is to re-enrol, and from when')
  if (from === undefined) return undefined
  const instant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(from) ? new Date(from) : new Date(Number.NaN)
  if (Number.isNaN(instant.getTime())) throw new WrongUse(`--from is ${from}; it takes a day, 2026-12-01, or an instant in UTC`)
  return instant.toISOString()
}

const scanFolder = async (io: Io, folder: string, key: string): Promise<Scan> => {
  const scan: Scan = { codes: [], failed: [], skipped: [], notes: [], links: 0, read: 0, other: 0 }
  const reader = new Reader()
  let saidAt = Date.now()
  try {
    for await (const found of filesBelow(folder)) {
      if (io.terminal.signal.aborted) throw new WrongUse('stopped before all was read; nothing was compared')
      if ('link' in found) scan.links++
      else if ('failed' in found) scan.failed.push({ file: relative(folder, found.failed) || '.', why: found.why })
      else {
        const file = relative(folder, found.path)
        const read = await reader.read({ path: found.path, key })
        if (read.is === 'other') scan.other++
        else if (read.is === 'read') {
          scan.read++
          scan.codes.push(...read.codes.map((code) => ({ file, code })))
          scan.notes.push(...[...new Set(read.notes)].map((why) => ({ file, why })))
        } else scan[read.is].push({ file, why: read.why })
      }
      if (Date.now() - saidAt > everyMs) {
        saidAt = Date.now()
        io.say(`read ${scan.read} of ${scan.read + scan.other} files, ${scan.codes.length} codes so far`)
      }
    }
  } finally {
    reader.close()
  }
  return scan
}
/**
 * What the server knows of the fingerprints; keys that cannot be its own were never asked about. One key can be several
 * people's: that of a shared account, imported for each of them.
 */
const liveAmong = async (io: Io, id: string, codes: Scan['codes']): Promise<Map<string, Live[]>> => {
  const fingerprints = [...new Set(codes.flatMap(({ code }) => code.fingerprint ?? []))]
  const live = new Map<string, Live[]>()
  for (let at = 0; at < fingerprints.length; at += aCall) {
    const answer = await io.call(compareFingerprints, { id, fingerprints: fingerprints.slice(at, at + aCall) })
    for (const each of answer.live) live.set(each.fingerprint, [...(live.get(each.fingerprint) ?? []), each])
  }
  return live
}
type Queued = { people: number; skipped: Out<typeof reEnrolUsers>['skipped']; from: string }
/** Counts in `queued` as it goes. */
const queue = async (io: Io, people: readonly Live['user'][], queued: Queued, reason: string | undefined): Promise<void> => {
  for (let at = 0; at < people.length; at += mostAtOnce) {
    const userIds = people.slice(at, at + mostAtOnce).map(({ id }) => id)
    const answer = await io.call(reEnrolUsers, {
      userIds,
      from: queued.from,
      reason: reason ?? 'an old picture of their key was found',
    })
    queued.people += answer.people
    queued.skipped.push(...answer.skipped)
  }
}

const reportOf = (
  scan: Scan,
  findings: readonly Finding[],
  people: readonly Live['user'][],
  queued: Queued | undefined,
): string => {
  const order = ['live', 'dead', 'foreign']
  const rows = findings
    .toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
    .map(({ status, file, issuer, label, live }) => [status, live?.user.username ?? '', issuer, label, file])
  const lists = [scan.failed, scan.skipped, scan.notes].flat().map(({ file, why }) => `${file}: ${why}`)
  const count = (status: Finding['status']): number => findings.filter((each) => each.status === status).length
  return [
    rows.length > 0 ? columns(['STATE', 'USER', 'ISSUER', 'LABEL', 'FILE'], rows) : '',
    ...lists.map((line) => `${printable(line)}\n`),
    `Read ${scan.read} files; ${scan.other} of other kinds, ${scan.skipped.length} skipped, ${scan.failed.length} unreadable, ${scan.links} links not followed.\n`,
    `${scan.codes.length - count('dead') - count('foreign')} codes work still (${people.length} people), ${count('dead')} of this deployment are dead, ${count('foreign')} are of others.\n`,
    queued
      ? `${queued.people} people re-enrol from ${queued.from}${queued.skipped.map(({ username, id, why }) => `; not ${username ?? id}: ${why}`).join('')}.\n`
      : '',
  ].join('')
}
