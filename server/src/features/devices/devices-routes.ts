import type { In } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { type ActDeps, act } from '../events/index.ts'
import { nameOfRoot, readDeviceSettings, rootsIn } from '../policies/index.ts'
import { asUser } from '../sessions/index.ts'
import { readDevice, readDevices, readDevicesOf } from './devices-read.ts'
import { endAnyones, removeMine, reportMineLost } from './end-device.ts'
import { knownModels } from './passkey-models.ts'
import { tracedFormats } from './verify-passkey.ts'

const rename = (deps: ActDeps, actor: Actor, input: In<typeof contract.renameDevice>) =>
  act(deps, actor, { type: 'device.renamed', endpoint: contract.renameDevice }, async (tx, event) => {
    const id = fromId(input.id)
    const renamed = await tx
      .updateTable('device')
      .set({ name: input.name })
      .where('id', '=', id)
      .where('userId', '=', asUser(actor).id)
      .returning('id')
      .executeTakeFirst()
    if (!renamed) throw new Refusal('not-found')
    event.about({ deviceId: id })
    return readDevice(tx, id)
  })

export const devicesRoutes = (deps: ActDeps): Route[] => {
  const mine = (actor: Actor, device: Omit<contract.Device, 'current'>): contract.Device => ({
    ...device,
    current: fromId(device.id) === asUser(actor).session.deviceId,
  })
  return [
    route(contract.myDevices, async ({ actor }) => {
      const user = asUser(actor)
      return { value: { items: await readDevicesOf(deps.db, user.id, user.session.deviceId), nextCursor: null } }
    }),
    route(contract.renameDevice, async ({ actor, input }) => ({ value: mine(actor, await rename(deps, actor, input)) })),
    route(contract.removeDevice, async ({ actor, input }) => ({ value: await removeMine(deps, actor, input) })),
    route(contract.reportMyDeviceLost, async ({ actor, input }) => ({
      value: mine(actor, await reportMineLost(deps, actor, input)),
    })),
    route(contract.listDevices, async ({ input }) => ({ value: await readDevices(deps.db, input) })),
    route(contract.passkeyModels, async () => {
      const { attestationRoots } = await readDeviceSettings(deps.db)
      const roots = rootsIn(attestationRoots).map((root) => ({
        name: nameOfRoot(root),
        fingerprint: root.fingerprint256,
        until: root.validToDate.toISOString(),
      }))
      const items = knownModels(roots.map(({ name }) => name))
      return { value: { formats: [...tracedFormats], roots, items, nextCursor: null } }
    }),
    route(contract.reportDeviceLost, async ({ actor, input }) => ({ value: await endAnyones(deps, actor, input, 'lost') })),
    route(contract.revokeDevice, async ({ actor, input }) => ({ value: await endAnyones(deps, actor, input, 'revoked') })),
  ]
}
