import type { DeviceSettings, In, Role } from '@postern/contract'
import * as contract from '@postern/contract'
import { type Generated, sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { changedMeanwhile, tagged, versionOf } from '../../platform/versions.ts'
import { type ActDeps, act } from '../events/index.ts'
import { cleanRoots, rootsIn } from './attestation-roots.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    deviceSettings: {
      one: Generated<boolean>
      qr: DeviceSettings['qr']
      computerFirst: Role[]
      oneFrame: boolean
      near: DeviceSettings['near']
      knownBrowser: DeviceSettings['near']
      startNetworks: string[]
      deviceHeld: Role[]
      devicesEach: number
      sessionMinutes: number
      models: string[]
      attestationRoots: string
      version: number
    }
  }
}

type Shown = DeviceSettings & { attestationRoots: string; version: number }
/** Settings → Devices as they stand; read where they decide, never kept. */
export const readDeviceSettings = async (db: Db | Tx): Promise<Shown> => {
  const { rows } =
    await sql<Shown>`select qr, computer_first, one_frame, near, known_browser, array(select text(n) from unnest(start_networks) n) as start_networks,
    device_held, devices_each, session_minutes, array(select text(m) from unnest(models) m) as models, attestation_roots, version from device_settings`.execute(
      db,
    )
  return rows[0] as Shown
}
/** How an event names this policy (R35). */
export const devicePolicyName = (version: number): string => `devices/${version}`

/** A setting as an event holds it: of certificates their fingerprints, which are as telling and shorter. */
const told = (name: keyof DeviceSettings, settings: DeviceSettings): string =>
  JSON.stringify(
    name === 'attestationRoots'
      ? rootsIn(settings.attestationRoots ?? '').map(({ fingerprint256 }) => fingerprint256)
      : settings[name],
  )

/** Networks as the database writes them: a host's bits do not make another network. */
const networksOf = async (tx: Tx, typed: string[]): Promise<string[]> => {
  const { rows } = await sql<{
    networks: string[]
  }>`select array(select text(n) from unnest(${typed}::inet[]::cidr[]) n) as networks`.execute(tx)
  return rows[0]?.networks ?? []
}

/** What only an owner makes softer: rules for roles that may do more than others. */
const privileged = ['operator', 'owner'] as const
const softer = (before: DeviceSettings, after: DeviceSettings): boolean =>
  (['computerFirst', 'deviceHeld'] as const).some((rule) =>
    privileged.some((role) => before[rule].includes(role) && !after[rule].includes(role)),
  )

const save = (deps: ActDeps, actor: Actor, given: In<typeof contract.putDeviceSettings>, version: number): Promise<Shown> =>
  act(deps, actor, { type: 'settings.changed', endpoint: contract.putDeviceSettings }, async (tx, event) => {
    const before = await readDeviceSettings(tx)
    const input = {
      ...given,
      startNetworks: await networksOf(tx, given.startNetworks),
      models: given.models.map((model) => model.toLowerCase()),
      attestationRoots: given.attestationRoots === undefined ? before.attestationRoots : cleanRoots(given.attestationRoots),
    }
    const changed = contract.changedSettings<DeviceSettings>(before, input)
    event.about({ subject: { kind: 'settings', id: null, name: 'devices' }, detail: { changed } })
    // as they were: nothing is written, and nothing recorded
    if (changed.length === 0 && before.version === version) {
      event.changesNothing = true
      return before
    }
    for (const name of changed)
      event.about({ detail: { [`${name}.from`]: told(name, before), [`${name}.to`]: told(name, input) } })
    if (roleOf(actor) !== 'owner' && softer(before, input))
      throw new Refusal('not-allowed', 'softer rules for operators and owners are an owner’s', {
        detail: 'Only an owner makes the rules for operators and owners softer.',
      })
    const { rows } = await sql<{
      version: number
    }>`update device_settings set qr = ${input.qr}, computer_first = ${[...new Set(input.computerFirst)]}::text[],
      one_frame = ${input.oneFrame}, near = ${input.near}, known_browser = ${input.knownBrowser}, start_networks = ${input.startNetworks}::inet[]::cidr[],
      device_held = ${[...new Set(input.deviceHeld)]}::text[], devices_each = ${input.devicesEach}, session_minutes = ${input.sessionMinutes},
      models = ${input.models}::uuid[], attestation_roots = ${input.attestationRoots}, version = version + 1 where version = ${version} returning version`.execute(
      tx,
    )
    const [saved] = rows
    if (!saved) throw changedMeanwhile('these settings', 'them')
    event.about({ detail: { version: saved.version } })
    return readDeviceSettings(tx)
  })

export const deviceSettingsRoutes = (deps: ActDeps): Route[] => [
  route(contract.getDeviceSettings, async () => tagged(await readDeviceSettings(deps.db))),
  route(contract.putDeviceSettings, async ({ actor, input, ifMatch }) =>
    tagged(await save(deps, actor, input, versionOf(ifMatch))),
  ),
]
