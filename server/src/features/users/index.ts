export { renewalDue, renewBy } from './renewal.ts'
export { anOwner, hasSecondFactor, lostFactor, recoveryCodesLeft } from './second-factor.ts'
export { findLiveToken, looksLikeServiceToken, TokenReader } from './service-tokens.ts'
export { addUser, lockSelf, manageable } from './users.ts'
export { matchingUsers, readUser } from './users-read.ts'
export { usersRoutes } from './users-routes.ts'
export { anyCase, atLeast, highest, mayManage, rolesAbove } from './users-rules.ts'
export {
  deleteUnconfirmed,
  findUser,
  findUserByName,
  insertUser,
  lockDeployment,
  lockPeople,
  lockPerson,
  moveUser,
  operatorExists,
  ownerIsLeft,
  requireOwnerLeft,
  setRoles,
  type UserRow,
  usernameKey,
} from './users-store.ts'
