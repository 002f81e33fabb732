import {
  type CallIn,
  CallRefused,
  createUser,
  type Endpoint,
  enrolFactors,
  enrolUser,
  importUsers,
  listUsers,
  type Out,
  offboardUser,
  resumeUser,
  roles,
  suspendUser,
  type User,
  UserId,
  unlockUser,
  userStates,
} from '@postern/contract'
import { type Given, minutesIn, oneOf } from './arguments.ts'
import type { Command, Group, Option } from './command.ts'
import { importCommand } from './import-command.ts'
import type { Io } from './io.ts'
import { allPages, limitOption } from './pages.ts'
import { drawnLink, howOf, symbolOption } from './symbol.ts'
import { columns, minute, printable } from './text.ts'

const userArgument = { name: 'USER', says: 'a user name, or an id (usr_…)', field: 'id' } as const

/** As the server compares names: NFKC, then case folding. */
const folded = (name: string): string => name.trim().normalize('NFKC').toLowerCase().normalize('NFKC')
/** The id of a person who is named by user name or id. Throws CallRefused. */
export const userIdOf = async (io: Io, user: string): Promise<string> => {
  if (UserId.safeParse(user).success) return user
  let cursor: string | null = null
  do {
    const page: Out<typeof listUsers> = await io.call(listUsers, {
      q: user.slice(0, 100),
      limit: 200,
      ...(cursor ? { cursor } : {}),
    })
    const found = page.items.find(({ username }) => folded(username) === folded(user))
    if (found) return found.id
    cursor = page.nextCursor
  } while (cursor)
  const detail = `There is no person with the user name ${user}.`
  throw new CallRefused({ type: 'about:blank', title: 'Not found', status: 404, code: 'not-found', detail })
}

const waysIn = ({ factors }: User): string =>
  [
    ...(factors.password ? ['password'] : []),
    ...(factors.totp ? ['totp'] : []),
    ...(factors.devices > 0 ? [`${factors.devices} device${factors.devices === 1 ? '' : 's'}`] : []),
    ...(factors.recoveryCodesLeft > 0 ? [`${factors.recoveryCodesLeft} recovery codes`] : []),
  ].join(', ')

const create: Command = {
  name: 'create',
  does: 'Create a person; they have no way in until they enrol',
  arguments: [{ name: 'USERNAME', says: '2 to 64 letters, digits and . _ @ + -', field: 'username' }],
  options: {
    name: { value: 'TEXT', says: 'the name that people see', field: 'displayName' },
    email: { value: 'ADDRESS', says: 'their e-mail address', field: 'email' },
    role: { value: 'ROLE', says: 'user (the default), auditor, operator or owner', many: true, field: 'roles' },
  },
  more: 'Example:\n    $ postern user create ada --name "Ada Lovelace" --role operator',
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const [name, email] = [given.text('name'), given.text('email')]
    const wanted = given.all('role').map((role) => oneOf('role', role, roles))
    const user = await io.call(createUser, {
      username: given.argument('USERNAME'),
      ...(name === undefined ? {} : { displayName: name }),
      ...(email === undefined ? {} : { email }),
      ...(wanted.length > 0 ? { roles: wanted } : {}),
    })
    return io.done(user, `created ${user.username} (${user.id}), ${user.roles.join(', ')}\n`)
  },
}

/** Which people, by `--q`, `--role` and `--due`. */
export const personFilter = (given: Given) => {
  const [q, role] = [given.text('q'), given.text('role')]
  return {
    ...(q === undefined ? {} : { q }),
    ...(role === undefined ? {} : { role: oneOf('role', role, roles) }),
    ...(given.flag('due') ? { due: 'true' as const } : {}),
  }
}
const list: Command = {
  name: 'list',
  does: 'List people, by user name',
  options: {
    q: { value: 'TEXT', says: 'only those whose user name, name or e-mail holds TEXT', field: 'q' },
    state: { value: 'STATE', says: 'only those who are active, suspended or offboarded', field: 'state' },
    role: { value: 'ROLE', says: 'only those who have this role', field: 'role' },
    due: { says: 'only those who must still enrol a second factor' },
    ...limitOption,
  },
  runs: 'anywhere',
  run: async (io, given) => {
    const state = given.text('state')
    const filter = { ...personFilter(given), ...(state === undefined ? {} : { state: oneOf('state', state, userStates) }) }
    const page = await allPages(given, (paging) => io.call(listUsers, { ...filter, ...paging }))
    const rows = page.items.map((user) => [
      user.username,
      user.id,
      user.state,
      user.roles.join(', '),
      waysIn(user),
      minute(user.lastSignInAt),
      user.displayName,
    ])
    return io.done(page, columns(['USER', 'ID', 'STATE', 'ROLES', 'WAYS IN', 'LAST SIGN-IN', 'NAME'], rows))
  },
}

export const factorOption: Option = {
  value: 'FACTOR',
  says: 'totp (a passcode app, the default) or device (a phone’s passkey)',
  field: 'factor',
}
const enrol: Command = {
  name: 'enrol',
  does: 'Issue a single-use code by which a person enrols',
  arguments: [userArgument],
  options: {
    expires: { value: 'TIME', says: 'how long it is good for, 1m to 14d; by default 10m', field: 'expiresInMinutes' },
    factor: factorOption,
    'reset-password': { says: 'the claim also sets a new password: for somebody who forgot theirs', field: 'resetPassword' },
    ...symbolOption,
  },
  more: `Prints the code's symbol and its link. They stand in this answer alone: the
database keeps a hash. Whoever opens the link first enrols with it, so hand it to
the right person; the codes before it end.`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const expires = given.text('expires')
    const minutes = expires === undefined ? undefined : minutesIn('expires', expires)
    const how = howOf(given)
    const factor = given.text('factor')
    const id = await userIdOf(io, given.argument('USER'))
    const { code } = await io.call(enrolUser, {
      id,
      factor: factor === undefined ? 'totp' : oneOf('factor', factor, enrolFactors),
      ...(minutes === undefined ? {} : { expiresInMinutes: minutes }),
      ...(given.flag('reset-password') ? { resetPassword: true } : {}),
    })
    const says = `This link enrols ${printable(given.argument('USER'))}, once, until ${minute(code.expiresAt)}:`
    const text = io.json ? '' : await drawnLink(io.terminal, { url: code.url ?? '', says, how })
    return io.done({ code }, text)
  },
}

type Change = Endpoint & typeof suspendUser
const change = (endpoint: Change, name: string, does: string, done: string): Command => ({
  name,
  does,
  arguments: [userArgument],
  options: { reason: { value: 'TEXT', says: 'why, for the record', field: 'reason' } },
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const reason = given.text('reason')
    const id = await userIdOf(io, given.argument('USER'))
    const input: CallIn<typeof suspendUser> = { id, ...(reason === undefined ? {} : { reason }) }
    const user = await io.call(endpoint, input)
    return io.done(user, `${done} ${user.username} (${user.id})\n`)
  },
})

const fromFile = importCommand(
  importUsers,
  'Create people from a CSV file',
  `Columns: username, which is needed; displayName, email, roles (separated by blanks),
enrol (none, screen or letter: a single-use code each, good for 24 hours, by letter for
14 days, in one zip); factor (what the code sets up: totp, or device, a phone’s passkey).`,
)
export const userGroup: Group = {
  name: 'user',
  does: 'People: who they are and whether they may come in',
  commands: [
    create,
    fromFile,
    list,
    enrol,
    change(suspendUser, 'suspend', 'Shut a person out at once, until resume', 'suspended'),
    change(resumeUser, 'resume', 'Let a suspended person back in, with the factors they had', 'resumed'),
    change(unlockUser, 'unlock', 'Clear the failure counts of a person', 'unlocked'),
    change(offboardUser, 'offboard', 'End all that a person holds, for good', 'off-boarded'),
  ],
}
