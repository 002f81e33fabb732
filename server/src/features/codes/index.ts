export { type Asker, requestChannel } from './approval-table.ts'
export { askedFrom } from './asked-from.ts'
export {
  confirmTries,
  countClaimFailure,
  endClaim,
  findClaim,
  findRepeatable,
  insertClaim,
  isClaimer,
  type OpenClaim,
} from './claims-store.ts'
export { readCodeSettings } from './code-settings.ts'
export { brandOf, notDrawable } from './code-symbol.ts'
export { type ClaimHandler, type CodesDeps, issue, type Prepared, prepareCode, recordUnknown } from './codes.ts'
export { type CodeFilter, deleteUnclaimed, expired, matchingCodes, tidyCodes } from './codes-filter.ts'
export { type AuthenticatingKind, stateOf } from './codes-life.ts'
export { isCode, readCodesOf, readContents, versionsBetween } from './codes-read.ts'
export { claimRoutes, codesRoutes } from './codes-routes.ts'
export { activationTries, type By, byOf, endOpenEnrolments, revokeCodes } from './codes-store.ts'
export { leadsTo, whyNotLink } from './destinations.ts'
export { createCode, updateCode } from './edit-code.ts'
export { framesKey, hashOfFrames, periodMs } from './frames.ts'
export { type Opening, Openings } from './openings.ts'
export { reissueCode } from './reissue-code.ts'
export { noSuchCode, type RefusedOfSet, revokeSet } from './revoke-set.ts'
export { networkOf } from './scan-address.ts'
export { recordScan } from './scans.ts'
export { family, settleFloods, tail } from './scans-store.ts'
