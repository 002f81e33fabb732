export { type App, buildApp, type Core, openCore, routesOf } from './app.ts'
export { adviceOn, type Config, ConfigError, readConfig, settingsTable } from './config.ts'
export { openApiDocument } from './edges/http/openapi.ts'
export { asUnavailable, problemOf, statusOf } from './edges/http/problems.ts'
export { issueBootstrap } from './features/enrolments/index.ts'
export { EventDraft } from './features/events/index.ts'
export {
  type CheckResult,
  checkLog,
  checks,
  expireCode,
  logSettled,
  preflight,
  recordPreflight,
  type Verdict,
  verdictOf,
} from './features/preflight/index.ts'
export { renderingFor, symbolText } from './features/symbols/index.ts'
export { operatorExists } from './features/users/index.ts'
export type { Actor } from './platform/actor.ts'
export { EmbeddedPostgresError, findRunningEmbeddedPostgres, startEmbeddedPostgres } from './platform/embedded-postgres/index.ts'
export { StartError } from './platform/master-key.ts'
export { Refusal } from './platform/refusal.ts'
