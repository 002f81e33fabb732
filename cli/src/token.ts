import { createToken, listTokens, revokeToken, scopes } from '@postern/contract'
import { daysIn, oneOf } from './arguments.ts'
import type { Command, Group } from './command.ts'
import { allPages, limitOption } from './pages.ts'
import { columns, minute } from './text.ts'

const create: Command = {
  name: 'create',
  does: 'Make a service token; it is shown once',
  options: {
    name: { value: 'NAME', says: 'what it is for', required: true, field: 'name' },
    scope: { value: 'SCOPE', says: 'operator, auditor, enrolment or metrics', required: true, many: true, field: 'scopes' },
    expires: { value: 'TIME', says: 'how long it is good for, 1d to 366d; by default 90d', field: 'expiresInDays' },
  },
  more: `The token goes to standard output, and nothing else does, so that a script can
take it. Over HTTP a token makes no tokens: run this on the host, or use the console.

Example:
    $ postern token create --name metrics --scope metrics > /etc/prometheus/postern`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const expires = given.text('expires')
    const made = await io.call(createToken, {
      name: given.text('name') ?? '',
      scopes: given.all('scope').map((scope) => oneOf('scope', scope, scopes)),
      ...(expires === undefined ? {} : { expiresInDays: daysIn('expires', expires) }),
    })
    io.say(`made ${made.id}, good until ${minute(made.expiresAt)}; it is not shown again`)
    return io.done(made, `${made.token}\n`)
  },
}
const list: Command = {
  name: 'list',
  does: 'List service tokens, without their secrets',
  options: limitOption,
  runs: 'anywhere',
  run: async (io, given) => {
    const page = await allPages(given, (paging) => io.call(listTokens, paging))
    const now = new Date().toISOString()
    const rows = page.items.map((token) => [
      token.id,
      token.name,
      token.scopes.join(', '),
      token.revokedAt ? 'revoked' : token.expiresAt < now ? 'expired' : 'live',
      minute(token.expiresAt),
      minute(token.lastUsedAt),
      token.createdBy,
    ])
    return io.done(page, columns(['ID', 'NAME', 'SCOPES', 'STATE', 'EXPIRES', 'LAST USED', 'MADE BY'], rows))
  },
}
const revoke: Command = {
  name: 'revoke',
  does: 'Revoke a service token at once',
  arguments: [{ name: 'ID', says: 'the token’s id (tok_…)', field: 'id' }],
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const id = given.argument('ID')
    await io.call(revokeToken, { id })
    return io.done({ id, revoked: true }, `revoked ${id}\n`)
  },
}
export const tokenGroup: Group = { name: 'token', does: 'Service tokens, for machines', commands: [create, list, revoke] }
