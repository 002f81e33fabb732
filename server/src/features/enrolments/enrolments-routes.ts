import * as contract from '@postern/contract'
import { type Route, route } from '../../platform/route.ts'
import type { PasskeyDeps } from '../devices/index.ts'
import { authenticatorApps } from './authenticator-apps.ts'
import { confirmEnrolment } from './confirm-enrolment.ts'
import { enrolUser } from './enrol-user.ts'
import { importTotp } from './import-totp.ts'
import {
  changePassword,
  confirmTotp,
  enrolAnotherPhone,
  myFactors,
  removeTotp,
  renewRecoveryCodes,
  startTotp,
} from './my-factors.ts'
import { addPasskey, passkeyOptions } from './my-passkeys.ts'
import { reEnrolUsers } from './re-enrol-users.ts'
import { endMine, readClaimed, readEnrolment, readMyEnrolment } from './standing.ts'

export const enrolmentsRoutes = (deps: PasskeyDeps & { origin: string }): Route[] => [
  route(contract.confirmEnrolment, ({ actor, input }) => confirmEnrolment(deps, actor, input)),
  route(contract.enrolUser, async ({ actor, input }) => ({ value: await enrolUser(deps, actor, input) })),
  route(contract.reEnrolUsers, async ({ actor, input }) => ({ value: await reEnrolUsers(deps, actor, input) })),
  route(contract.importTotp, async ({ actor, input }) => ({ value: await importTotp(deps, actor, input) })),
  route(contract.listAuthenticatorApps, async () => ({ value: { items: authenticatorApps(deps.origin), nextCursor: null } })),
  route(contract.startTotp, async ({ actor, input }) => ({ value: await startTotp(deps, actor, input) })),
  route(contract.confirmTotp, ({ actor, input }) => confirmTotp(deps, actor, input)),
  route(contract.passkeyOptions, async ({ actor }) => ({ value: await passkeyOptions(deps, actor) })),
  route(contract.addPasskey, ({ actor, input }) => addPasskey(deps, actor, input)),
  route(contract.removeTotp, async ({ actor }) => ({ value: await removeTotp(deps, actor) })),
  route(contract.myFactors, async ({ actor }) => ({ value: await myFactors(deps, actor) })),
  route(contract.enrolAnotherPhone, async ({ actor, input }) => ({ value: await enrolAnotherPhone(deps, actor, input) })),
  route(contract.getEnrolment, async ({ input }) => ({ value: await readEnrolment(deps, input) })),
  route(contract.getMyEnrolment, async ({ actor, input }) => ({ value: await readMyEnrolment(deps, actor, input) })),
  route(contract.endMyEnrolment, async ({ actor, input }) => ({ value: await endMine(deps, actor, input) })),
  route(contract.claimedEnrolment, async ({ actor, input }) => ({ value: await readClaimed(deps, actor, input) })),
  route(contract.changePassword, ({ actor, input }) => changePassword(deps, actor, input)),
  route(contract.renewRecoveryCodes, async ({ actor, input }) => ({ value: await renewRecoveryCodes(deps, actor, input) })),
]
