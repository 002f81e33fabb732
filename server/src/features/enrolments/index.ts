export { enrolTotpHandler } from './enrol-totp.ts'
export { enrolUser, issueBootstrap, operatorExists } from './enrol-user.ts'
export { enrolmentsRoutes } from './enrolments-routes.ts'
