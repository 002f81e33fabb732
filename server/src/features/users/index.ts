export { findLiveToken, looksLikeServiceToken, TokenReader } from './service-tokens.ts'
export { manageable } from './users.ts'
export { readUser } from './users-read.ts'
export { etagOf, usersRoutes, versionOf } from './users-routes.ts'
export { anyCase, atLeast, highest, mayManage } from './users-rules.ts'
export {
  deleteUnconfirmed,
  findUser,
  findUserByName,
  insertUser,
  lockPerson,
  moveUser,
  ownerIsLeft,
  setRoles,
  type UserRow,
  usernameKey,
} from './users-store.ts'
