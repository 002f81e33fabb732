export { asUser, refuseUnbound, sessionsRoutes, toSession } from './sessions.ts'
export {
  endSessions,
  findLiveSession,
  insertSession,
  type LiveSession,
  recoveryMinutes,
  SessionReader,
  sessionHours,
} from './sessions-store.ts'
