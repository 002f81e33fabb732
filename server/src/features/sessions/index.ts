export { asUser, refuseUnbound, sessionsRoutes, toSession } from './sessions.ts'
export {
  endedAsUnbound,
  endSessions,
  findLiveSession,
  insertSession,
  SessionReader,
  sessionHours,
} from './sessions-store.ts'
