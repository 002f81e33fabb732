import * as contract from '@postern/contract'
import { type Route, route } from '../../platform/route.ts'
import { provePassword } from './prove-password.ts'
import { proveRecoveryCode } from './prove-recovery-code.ts'
import { proveTotp } from './prove-totp.ts'
import { openSignIn, openStepUp, requireSignIn, type SignInDeps, toSignIn } from './sign-in.ts'

export const signInRoutes = (deps: SignInDeps): Route[] => [
  route(contract.openSignIn, ({ actor, input }) => openSignIn(deps, actor, input)),
  route(contract.currentSignIn, async ({ actor, signInToken }) => ({
    value: { signIn: toSignIn((await requireSignIn(deps, actor, signInToken)).row) },
  })),
  route(contract.provePassword, ({ actor, input, signInToken }) => provePassword(deps, actor, input, signInToken)),
  route(contract.proveTotp, ({ actor, input, signInToken }) => proveTotp(deps, actor, input, signInToken)),
  route(contract.proveRecoveryCode, ({ actor, input, signInToken }) => proveRecoveryCode(deps, actor, input, signInToken)),
  route(contract.stepUp, ({ actor, input }) => openStepUp(deps, actor, input)),
]
