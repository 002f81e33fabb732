import { deploymentInfo } from '@postern/contract'
import { useCall } from './calls.ts'

/** What this deployment is called; "Postern" until the answer is here. */
export const useIssuer = (): string => useCall(deploymentInfo, {}, { staysHere: true }).data?.issuer ?? 'Postern'
