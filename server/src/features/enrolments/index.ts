export { enrolTotpHandler } from './enrol-totp.ts'
export { enrol, enrolUser, issueBootstrap, operatorExists } from './enrol-user.ts'
export { enrolmentsRoutes } from './enrolments-routes.ts'
