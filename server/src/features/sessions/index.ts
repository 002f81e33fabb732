export { asUser, refuseUnbound, sessionsRoutes, toSession } from './sessions.ts'
export { sessionHours } from './sessions-rules.ts'
export {
  endSessions,
  findLiveSession,
  insertSession,
  SessionReader,
} from './sessions-store.ts'
