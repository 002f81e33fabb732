import { myDevices, myFactors } from '@postern/contract'

/** What is read again when a device of one’s own comes, changes or goes. */
export const ofDevices = [myDevices, myFactors] as const
