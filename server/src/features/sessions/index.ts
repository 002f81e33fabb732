export { asUser, refuseUnbound, sessionsRoutes, toSession } from './sessions.ts'
export { sessionHours } from './sessions-rules.ts'
export {
  endSessions,
  findLiveSession,
  findRecovery,
  insertSession,
  type Recovery,
  recoveryOf,
  SessionReader,
} from './sessions-store.ts'
