import { CallRefused, codeStates, getCode, listCodes, revokeCode } from '@postern/contract'
import { oneOf } from './arguments.ts'
import type { Command, Group } from './command.ts'
import { allPages, limitOption } from './pages.ts'
import { columns, minute } from './text.ts'
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
    user: { value: 'USER', says: 'only those for this person (a user name or an id)', field: 'userId' },
    q: { value: 'TEXT', says: 'only those whose label or person holds TEXT', field: 'q' },
    ...limitOption,
  },
  runs: 'anywhere',
  run: async (io, given) => {
    const [state, user, q] = [given.text('state'), given.text('user'), given.text('q')]
    const filter = {
      ...(state === undefined ? {} : { state: oneOf('state', state, codeStates) }),
      ...(q === undefined ? {} : { q }),
      ...(user === undefined ? {} : { userId: await userIdOf(io, user) }),
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
const symbol: Command = {
  name: 'symbol',
  does: 'Draw a code’s symbol again, where it can be',
  arguments: [idArgument],
  more: `A code that authenticates cannot be drawn again: only a hash of its secret is kept,
so its symbol stands in the answer that issued it ("postern user enrol"). All codes
that there are so far authenticate; such a code is refused as code-not-drawable.`,
  runs: 'anywhere',
  run: async (io, given) => {
    const code = await io.call(getCode, { id: given.argument('ID') })
    throw new CallRefused({
      type: 'about:blank',
      title: 'This code cannot be drawn again',
      status: 409,
      code: 'code-not-drawable',
      detail: `${code.id} authenticates, so only a hash of its secret is kept. Issue a new one: postern user enrol ${code.user?.username ?? 'USER'}`,
    })
  },
}
export const codeGroup: Group = { name: 'code', does: 'Codes that were issued', commands: [list, revoke, symbol] }
