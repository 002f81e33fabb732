export { hashPassword, verifyPassword } from './hashing.ts'
export { weaknessOf } from './password-rules.ts'
export { findPasswordHash, hasPassword, requireStrong, setPassword } from './passwords.ts'
