export { checkLog, type LogCheck, logSettled } from './log-check.ts'
export { type Deployment, preflight } from './preflight.ts'
export { type CheckName, type CheckResult, checks, type Verdict, verdictOf } from './preflight-rules.ts'
export { expireCode, recordPreflight } from './preflight-store.ts'
