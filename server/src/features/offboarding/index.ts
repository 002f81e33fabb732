export { offboardingRoutes, offboardUser, resumeUser, suspendUser } from './offboarding.ts'
