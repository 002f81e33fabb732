export { asUser, refuseUnbound, sessionsRoutes, toSession } from './sessions.ts'
export {
  endedAsUnbound,
  endSessions,
  findLiveSession,
  insertSession,
  type LiveSession,
  SessionReader,
  sessionHours,
} from './sessions-store.ts'
