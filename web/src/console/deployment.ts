import { deploymentInfo } from '@postern/contract'
import { useCall } from './calls.ts'

/** Whether a password alone can sign somebody in: not where everybody must have a second factor. */
export const usePasswordAlone = (): boolean => useCall(deploymentInfo, {}, { staysHere: true }).data?.secondFactor === false
/** What this deployment is called; "Postern" until the answer is here. */
export const useIssuer = (): string => useCall(deploymentInfo, {}, { staysHere: true }).data?.issuer ?? 'Postern'
