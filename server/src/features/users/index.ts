export { renewalDue, renewBy } from './renewal.ts'
export { hasSecondFactor } from './second-factor.ts'
export { findLiveToken, looksLikeServiceToken, TokenReader } from './service-tokens.ts'
export { addUser, manageable } from './users.ts'
export { readUser } from './users-read.ts'
export { etagOf, usersRoutes, versionOf } from './users-routes.ts'
export { anyCase, atLeast, highest, mayManage, rolesAbove } from './users-rules.ts'
export {
  deleteUnconfirmed,
  findUser,
  findUserByName,
  insertUser,
  lockPeople,
  lockPerson,
  moveUser,
  ownerIsLeft,
  setRoles,
  type UserRow,
  usernameKey,
} from './users-store.ts'
