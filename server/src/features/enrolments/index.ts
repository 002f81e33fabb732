export { storeFor } from './authenticator-apps.ts'
export { enrolHandler } from './enrol-handler.ts'
export { enrol, issueBootstrap } from './enrol-user.ts'
export { enrolmentsRoutes } from './enrolments-routes.ts'
