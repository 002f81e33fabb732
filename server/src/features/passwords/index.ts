export { hashPassword, verifyPassword } from './hashing.ts'
export { endPasswordOfCode, findPasswordHash, hasPassword, requireStrong, setPassword } from './passwords.ts'
