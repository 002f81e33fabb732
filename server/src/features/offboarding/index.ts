export { offboardingRoutes } from './offboarding.ts'
