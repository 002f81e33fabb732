export { acceptedStep, base32, hotp, offsetOf, otpauthUrl, stepAt, type TotpParameters } from './totp-rules.ts'
export {
  activate,
  countPendingFailure,
  demandRenewal,
  findPending,
  hasActive,
  insertPending,
  type NewTotp,
  type PendingTotp,
  pendingMinutes,
  pendingTries,
  retire,
  totpKey,
} from './totp-store.ts'
