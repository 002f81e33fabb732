export { hashPassword, verifyPassword } from './hashing.ts'
export { findPasswordHash, hasPassword, requireStrong, setPassword } from './passwords.ts'
