import * as contract from '@postern/contract'
import { type Route, route, streamRoute } from '../../platform/route.ts'
import { collectSignIn } from './collect.ts'
import { approveRequest, declineRequest } from './decide-request.ts'
import { openQr } from './open-qr.ts'
import { passkeyOptions, provePasskey } from './prove-passkey.ts'
import { provePassword } from './prove-password.ts'
import { proveRecoveryCode } from './prove-recovery-code.ts'
import { proveTotp } from './prove-totp.ts'
import { requestEvents } from './request-events.ts'
import { readClaimedRequest } from './request-standing.ts'
import { openSignIn, openStepUp, requireSignIn, type SignInDeps, toSignIn } from './sign-in.ts'

export const signInRoutes = (deps: SignInDeps): Route[] => [
  route(contract.openSignIn, ({ actor, input }) => openSignIn(deps, actor, input)),
  route(contract.currentSignIn, async ({ actor, signInToken }) => ({
    value: { signIn: toSignIn((await requireSignIn(deps, actor, signInToken)).row) },
  })),
  route(contract.provePassword, ({ actor, input, signInToken }) => provePassword(deps, actor, input, signInToken)),
  route(contract.proveTotp, ({ actor, input, signInToken }) => proveTotp(deps, actor, input, signInToken)),
  route(contract.proveRecoveryCode, ({ actor, input, signInToken }) => proveRecoveryCode(deps, actor, input, signInToken)),
  route(contract.signInPasskeyOptions, ({ actor, signInToken }) => passkeyOptions(deps, actor, signInToken)),
  route(contract.provePasskey, ({ actor, input, signInToken }) => provePasskey(deps, actor, input, signInToken)),
  route(contract.openQr, ({ actor, signInToken }) => openQr(deps, actor, signInToken)),
  streamRoute(contract.signInEvents, ({ actor, signInToken, signal }) => requestEvents(deps, actor, signInToken, signal)),
  route(contract.collectSignIn, ({ actor, signInToken }) => collectSignIn(deps, actor, signInToken)),
  route(contract.claimedRequest, async ({ actor, input }) => ({ value: await readClaimedRequest(deps, actor, input) })),
  route(contract.approveRequest, async ({ actor, input }) => ({ value: await approveRequest(deps, actor, input) })),
  route(contract.declineRequest, async ({ actor, input }) => ({ value: await declineRequest(deps, actor, input) })),
  route(contract.stepUp, ({ actor, input }) => openStepUp(deps, actor, input)),
]
