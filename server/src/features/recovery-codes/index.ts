export {
  hashRecoveryCode,
  normalise,
  recoveryCodesLeft,
  replaceRecoveryCodes,
  setSize,
  useRecoveryCode,
} from './recovery-codes.ts'
