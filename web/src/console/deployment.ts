import { deploymentInfo } from '@postern/contract'
import { useCall } from './calls.ts'

/** What pages know of the deployment before anybody is signed in. */
export const useDeployment = () => useCall(deploymentInfo, {}, { staysHere: true })
/** Whether a password alone can sign somebody in: not where everybody must have a second factor. */
export const usePasswordAlone = (): boolean => useDeployment().data?.secondFactor === false
/** What this deployment is called; "Postern" until the answer is here. */
export const useIssuer = (): string => useDeployment().data?.issuer ?? 'Postern'
