export { leadsTo } from './attestation-chain.ts'
export { type Bound, type ChallengePurpose, challengeSeconds, spendChallenge } from './challenges.ts'
export { readDevice } from './devices-read.ts'
export { devicesRoutes } from './devices-routes.ts'
export {
  countDevices,
  endDevice,
  endDeviceOfCode,
  endDevicesOf,
  endOpenOf,
  type FoundDevice,
  insertDevice,
  useDevice,
} from './devices-store.ts'
export { endReplaced } from './end-device.ts'
export { creationOptions, requestOptions } from './passkey-options.ts'
export { type PasskeyDeps, type ProvenDevice, provenDevice } from './proven-device.ts'
export { BadPasskey, type NewPasskey, verifyRegistration } from './verify-passkey.ts'
