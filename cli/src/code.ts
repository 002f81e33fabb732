import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import {
  type CallIn,
  type Code,
  codeKinds,
  codeStates,
  codeSymbolEps,
  codeSymbolPdf,
  codeSymbolPng,
  codeSymbolSvg,
  createCode,
  getCode,
  importCodes,
  letterLanguages,
  listCodes,
  type Out,
  reissueCode,
  revokeCode,
  symbolFormats,
} from '@postern/contract'
import { type Given, instantIn, minutesIn, oneOf, wholeIn } from './arguments.ts'
import { type Command, type Group, type Option, WrongUse } from './command.ts'
import { importCommand } from './import-command.ts'
import { withNewFile } from './new-file.ts'
import { allPages, limitOption } from './pages.ts'
import { drawnLink, howOf, symbolOption } from './symbol.ts'
import { columns, minute, printable } from './text.ts'
import { userIdOf } from './user.ts'

const idArgument = { name: 'ID', says: 'the code’s id (cod_…)', field: 'id' } as const

const list: Command = {
  name: 'list',
  does: 'List codes, newest first',
  options: {
    state: {
      value: 'STATE',
      says: `only those that are ${codeStates.slice(0, -1).join(', ')} or ${codeStates.at(-1)}`,
      field: 'state',
    },
    kind: {
      value: 'KIND',
      says: `only those of the kind ${codeKinds.slice(0, -1).join(', ')} or ${codeKinds.at(-1)}`,
      field: 'kind',
    },
    user: { value: 'USER', says: 'only those for this person (a user name or an id)', field: 'userId' },
    owner: { value: 'USER', says: 'only those that this person looks after', field: 'owner' },
    device: {
      value: 'ID',
      says: 'only those that enrolled this device, that it approved by, or that it showed',
      field: 'device',
    },
    q: { value: 'TEXT', says: 'only those whose label, person or destination holds TEXT', field: 'q' },
    ...limitOption,
  },
  runs: 'anywhere',
  run: async (io, given) => {
    const [state, kind, user, owner, device, q] = (['state', 'kind', 'user', 'owner', 'device', 'q'] as const).map((name) =>
      given.text(name),
    )
    const filter = {
      ...(state === undefined ? {} : { state: oneOf('state', state, codeStates) }),
      ...(q === undefined ? {} : { q }),
      ...(device === undefined ? {} : { device }),
      ...(kind === undefined ? {} : { kind: oneOf('kind', kind, codeKinds) }),
      ...(user === undefined ? {} : { userId: await userIdOf(io, user) }),
      ...(owner === undefined ? {} : { owner: await userIdOf(io, owner) }),
    }
    const page = await allPages(given, (paging) => io.call(listCodes, { ...filter, ...paging }))
    const rows = page.items.map((code) => [
      code.id,
      code.kind,
      code.state,
      code.user?.username ?? code.label,
      code.issuedBy ?? '',
      String(code.scans),
      code.expiresAt ? minute(code.expiresAt) : 'never',
    ])
    return io.done(page, columns(['ID', 'KIND', 'STATE', 'FOR', 'ISSUED BY', 'SCANS', 'EXPIRES'], rows))
  },
}
const revoke: Command = {
  name: 'revoke',
  does: 'Revoke a code at once, with the sessions that it opened',
  arguments: [idArgument],
  options: {
    reason: { value: 'TEXT', says: 'why, for the record', required: true, field: 'reason' },
    results: { says: 'also disable the factor that came of its claim', field: 'also' },
  },
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const revoked = await io.call(revokeCode, {
      id: given.argument('ID'),
      reason: given.text('reason') ?? '',
      ...(given.flag('results') ? { also: ['results' as const] } : {}),
    })
    return io.done(revoked, `revoked ${revoked.id} at ${revoked.revokedAt}\n`)
  },
}
/** Where a link leads, by the options that say so; undefined: none of them was given. Throws WrongUse. */
const destinationIn = (given: Given): NonNullable<CallIn<typeof createCode>['destination']> | undefined => {
  const [to, text, ios, android] = (['to', 'text', 'ios', 'android'] as const).map((name) => given.text(name))
  if (text !== undefined && (to ?? ios ?? android) !== undefined)
    throw new WrongUse('--text stands alone; an address is given with --to')
  if (text !== undefined) return { type: 'text', text }
  if (to === undefined) {
    if ((ios ?? android) !== undefined) throw new WrongUse('--to is missing: where all other devices go')
    return undefined
  }
  if (ios === undefined && android === undefined) return { type: 'url', url: to }
  return {
    type: 'platform',
    otherwise: to,
    ...(ios === undefined ? {} : { ios }),
    ...(android === undefined ? {} : { android }),
  }
}
const destinationOptions: Record<string, Option> = {
  to: { value: 'ADDRESS', says: 'the address that it leads to, http or https', field: 'destination' },
  ios: { value: 'ADDRESS', says: 'where iPhones go instead (most iPads call themselves Macs, and go to --to)' },
  android: { value: 'ADDRESS', says: 'where Android phones go instead' },
  text: { value: 'TEXT', says: 'a text that it shows, in the place of an address' },
}
const termOptions: Record<string, Option> = {
  expires: { value: 'TIME', says: 'when it ends: 90d (from now) or 2027-01-31T12:00Z; by default never', field: 'expiresAt' },
}

const drawnCode = (io: Parameters<Command['run']>[0], code: Code, how: ReturnType<typeof howOf>): Promise<string> =>
  drawnLink(io.terminal, {
    url: code.url ?? '',
    says: `${printable(code.label)}, ${code.kind === 'static' ? 'which cannot be changed' : 'which can lead elsewhere without printing it again'} (${code.id}):`,
    how,
  })

const create: Command = {
  name: 'create',
  does: 'Issue a link code, whose destination can be changed at any time, or a static one',
  arguments: [{ name: 'LABEL', says: 'what it is for and where it will be', field: 'label' }],
  options: {
    ...destinationOptions,
    static: { says: 'the symbol holds the content itself: what is printed stays as it is', field: 'kind' },
    from: {
      value: 'TIME',
      says: 'when it starts to work: 12h (from now) or 2027-01-31T12:00Z; by default at once',
      field: 'notBefore',
    },
    ...termOptions,
    limit: { value: 'COUNT', says: 'how often people may open it; by default as often as they like', field: 'scanLimit' },
    owner: { value: 'USER', says: 'who looks after it (a user name or an id)', field: 'owner' },
    ...symbolOption,
  },
  more: `Draws the code's symbol, to be printed or scanned. Codes that authenticate are issued to
a person: "postern user enrol".

Example:
    $ postern code create "Visitor safety" --to https://www.example.org/safety`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const how = howOf(given)
    const destination = destinationIn(given)
    if (!destination) throw new WrongUse('--to ADDRESS or --text TEXT is missing')
    const [from, expires, limit, owner] = (['from', 'expires', 'limit', 'owner'] as const).map((name) => given.text(name))
    const code = await io.call(createCode, {
      kind: given.flag('static') ? 'static' : 'link',
      label: given.argument('LABEL'),
      destination,
      ...(from === undefined ? {} : { notBefore: instantIn('from', from) }),
      ...(expires === undefined ? {} : { expiresAt: instantIn('expires', expires) }),
      ...(limit === undefined ? {} : { scanLimit: wholeIn('limit', limit, 1) }),
      ...(owner === undefined ? {} : { owner: await userIdOf(io, owner) }),
    })
    return io.done(code, io.json ? '' : await drawnCode(io, code, how))
  },
}
const reissue: Command = {
  name: 'reissue',
  does: 'Issue a new code in place of one, which is revoked in the same moment',
  arguments: [idArgument],
  options: {
    ...destinationOptions,
    ...termOptions,
    letter: { value: 'FILE', says: 'write the new letter (PDF) to this new file, of a code that went by letter' },
    language: { value: 'LANGUAGE', says: 'of the letter: en (the default) or pl', field: 'language' },
    ...symbolOption,
  },
  more: `The printed symbol of a link code lives on and leads where the new one leads. A code
that authenticates gets a new secret: its link and symbol stand in this answer alone,
and it is good for as long as the one before unless --expires says otherwise (1m to
14d). One that went by letter also gets a new activation number. A start that has not
come yet is kept.`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const how = howOf(given)
    const id = given.argument('ID')
    const destination = destinationIn(given)
    const [expires, letter, language] = (['expires', 'letter', 'language'] as const).map((name) => given.text(name))
    const old = await io.call(getCode, { id })
    if (letter !== undefined && old.deliver !== 'letter')
      throw new WrongUse(`--letter: ${old.id} did not go by letter, so there is none to write`)
    const secret = old.kind !== 'link' && old.kind !== 'static'
    const reissued = () =>
      io.call(reissueCode, {
        id,
        ...(destination === undefined ? {} : { destination }),
        ...(language === undefined ? {} : { language: oneOf('language', language, letterLanguages) }),
        ...(expires === undefined
          ? {}
          : secret
            ? { expiresInMinutes: minutesIn('expires', expires) }
            : { expiresAt: instantIn('expires', expires) }),
      })
    const made =
      letter === undefined
        ? await reissued()
        : await withNewFile('letter', letter, async (out) => {
            const answer = await reissued()
            await out.writeFile(Buffer.from(answer.letterPdf ?? '', 'base64'))
            return answer
          })
    if (io.json) return io.done(made, '')
    if (made.url === undefined) return io.done(made, await drawnCode(io, made.code, how))
    const from = made.code.state === 'not-yet-valid' ? `from ${minute(made.code.notBefore)} ` : ''
    const says = `This link replaces ${old.id}; it is good once, ${from}until ${minute(made.code.expiresAt)} (${made.code.id}):`
    return io.done(made, await drawnLink(io.terminal, { url: made.url, says, after: byLetter(made, letter), how }))
  },
}
/** What else the claim asks for, where the code goes by letter. */
const byLetter = ({ activation }: Out<typeof reissueCode>, file: string | undefined): string =>
  activation === undefined
    ? ''
    : `\nThe claim also asks for this activation number. Hand it over apart from the ${file === undefined ? 'link' : `letter, which is in ${printable(file)}`}:\n\n  ${activation.replace(/(?<=^.{4})/, ' ')}\n`
/** By format: the call, and what its size is counted in. */
const files = {
  svg: { endpoint: codeSymbolSvg, size: undefined },
  png: { endpoint: codeSymbolPng, size: 'pixels' },
  pdf: { endpoint: codeSymbolPdf, size: 'millimetres' },
  eps: { endpoint: codeSymbolEps, size: 'millimetres' },
} as const
const symbol: Command = {
  name: 'symbol',
  does: 'Draw the symbol of a link or static code: here, or as a file for print',
  arguments: [idArgument],
  options: {
    ...symbolOption,
    format: { value: 'FORMAT', says: 'svg, png, pdf or eps; without it, as the name of --out ends' },
    size: { value: 'N', says: 'across: pixels of a png (1024), millimetres of a pdf or eps (40)', field: 'size' },
    out: { value: 'FILE', says: 'write a file there' },
  },
  more: `A file is drawn in the code's brand kit, or the default one, and read back before it
leaves. On the terminal the symbol is plain.
A code that authenticates is refused as code-not-drawable: only a hash of its secret
is kept, so its symbol stands in the answer that issued it ("postern user enrol",
"postern code reissue").

Example:
    $ postern code symbol cod_01j5… --format pdf --size 60 --out entrance.pdf`,
  runs: 'anywhere',
  run: async (io, given) => {
    const id = given.argument('ID')
    const [out, size] = [given.text('out'), given.text('size')]
    const named = given.text('format') ?? (out === undefined ? undefined : extname(out).slice(1).toLowerCase())
    const how = howOf(given)
    if (out === undefined) {
      if (given.text('format') !== undefined || size !== undefined)
        throw new WrongUse('--out is missing: it takes the name of a file')
      const code = await io.call(getCode, { id })
      // the server says why it cannot be drawn
      if (code.url === null) await io.call(codeSymbolSvg, { id })
      return io.done({ id, url: code.url }, io.json ? '' : await drawnCode(io, code, how))
    }
    if (how !== undefined) throw new WrongUse('--symbol is for the terminal: leave it out with --out')
    if (named === undefined || named === '') throw new WrongUse(`--format is missing: it takes ${symbolFormats.join(', ')}`)
    const format = oneOf('format', named, symbolFormats)
    if (size !== undefined && files[format].size === undefined) throw new WrongUse('--size: an svg has none, it fits any size')
    const bytes = await io.call(files[format].endpoint, { id, ...(size === undefined ? {} : { size }) })
    try {
      await writeFile(out, bytes)
    } catch (error) {
      io.say(`${out} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`)
      return 1
    }
    return io.done({ id, format, file: out, bytes: bytes.length }, `wrote ${out}, ${bytes.length} bytes\n`)
  },
}
const fromFile = importCommand(
  importCodes,
  'Issue link codes from a CSV file',
  `Columns: label and destination (an address), which are needed; kind (link), expiresAt,
notBefore, scanLimit, brand, owner.`,
)
export const codeGroup: Group = {
  name: 'code',
  does: 'Codes: links, static ones, and those that people enrol with',
  commands: [create, list, reissue, revoke, symbol, fromFile],
}
