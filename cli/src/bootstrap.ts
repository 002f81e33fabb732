import { Username } from '@postern/contract'
import { type Command, WrongUse } from './command.ts'
import { drawnLink, howOf, localHint, symbolOption } from './symbol.ts'
import { minute } from './text.ts'

export const bootstrap: Command = {
  name: 'bootstrap',
  does: 'Print a link by which an operator enrols',
  options: { username: { value: 'NAME', says: 'suggest this user name on the page' }, ...symbolOption },
  more: `The link is good once, for 30 minutes. While nobody operates this Postern, it makes
an owner, and the link before it ends, also for who has opened it and is not done;
later it makes an operator.`,
  runs: 'host',
  ownEvent: true,
  run: async (io, given) => {
    const username = given.text('username')
    const how = howOf(given)
    const named = username === undefined ? undefined : Username.safeParse(username)
    if (named?.error) throw new WrongUse(`--username: ${named.error.issues[0]?.message}`)
    const { host } = await io.way()
    if (!host) throw new WrongUse('it runs on the host only')
    const { issueBootstrap } = await import('@postern/server')
    const link = await issueBootstrap(host.core, host.actor, { username: named?.data, claimed: true })
    host.acts()
    const says = `This link enrols ${link.role === 'owner' ? 'the first operator' : 'an operator'}, once, until ${minute(link.expiresAt)}:`
    const text = io.json ? '' : await drawnLink(io.terminal, { url: link.url, says, after: localHint(host.config.origin), how })
    return io.done(link, text)
  },
}
