export { type ClaimHandler, type CodesDeps, codesRoutes, issue, recordScan } from './codes.ts'
export { type NewCode, revokeCodes } from './codes-store.ts'
