export { nameOf as nameOfRoot, rootsIn } from './attestation-roots.ts'
export {
  policyName,
  readAuthenticationSettings,
  requireEnrolment,
  secondFactorDemanded,
  settingsRoutes,
} from './authentication-settings.ts'
export { devicePolicyName, deviceSettingsRoutes, readDeviceSettings } from './device-settings.ts'
export { freshSeconds, mayCall, requireFresh, stepUpRequired, takesTokens } from './permission-rules.ts'
