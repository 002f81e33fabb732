export { enrolTotpHandler } from './enrol-totp.ts'
export { enrol, issueBootstrap, operatorExists } from './enrol-user.ts'
export { enrolmentsRoutes } from './enrolments-routes.ts'
