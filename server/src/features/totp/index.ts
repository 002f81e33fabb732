export { acceptedStep, base32, hotp, offsetOf, otpauthUrl, stepAt, type TotpParameters } from './totp-rules.ts'
export {
  activate,
  countPendingFailure,
  demandRenewal,
  findPending,
  hasActive,
  insertImported,
  insertPending,
  isSameKey,
  type NewTotp,
  type PendingTotp,
  pendingMinutes,
  pendingTries,
  retire,
  revokeKey,
  totpKey,
  totpSecret,
} from './totp-store.ts'
