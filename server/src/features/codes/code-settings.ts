import { domainToASCII } from 'node:url'
import type { CodeSettings, In } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Generated } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { invalid } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { changedMeanwhile, tagged, versionOf } from '../../platform/versions.ts'
import { type ActDeps, act } from '../events/index.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    codeSettings: {
      one: Generated<boolean>
      linkHosts: string[]
      staticText: boolean
      staticHosts: string[]
      scanAddresses: 'full' | 'truncated' | 'none'
      scanRetentionDays: number | null
      version: number
    }
  }
}

/** Settings → Codes as they stand; read where they decide, never kept. */
export const readCodeSettings = async (db: Db | Tx): Promise<CodeSettings & { version: number }> => {
  const { one: _, ...settings } = await db.selectFrom('codeSettings').selectAll().executeTakeFirstOrThrow()
  return settings
}
const hostPattern = /^(?:(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])$/
/** Hosts in the form in which those of addresses are compared: other letters in ASCII, a number as an address of IPv4. */
const hostsOf = (path: 'linkHosts' | 'staticHosts', typed: readonly string[]): string[] => {
  const hosts = typed.map((host) => {
    const below = host.startsWith('*.') ? '*.' : ''
    const listed = below + domainToASCII(host.slice(below.length))
    // what ends a host in an address is cut off without a word
    if (hostPattern.test(listed) && !/[/\\?#%]/.test(host)) return listed
    throw invalid(path, `${host} is no host: write example.org, or *.example.org for all below it`, 'no-host', { host })
  })
  return [...new Set(hosts)]
}

const save = (deps: ActDeps, actor: Actor, given: In<typeof contract.putCodeSettings>, version: number) =>
  act(deps, actor, { type: 'settings.changed', endpoint: contract.putCodeSettings }, async (tx, event) => {
    event.about({ subject: { kind: 'settings', id: null, name: 'codes' } })
    const input = {
      ...given,
      linkHosts: hostsOf('linkHosts', given.linkHosts),
      staticHosts: hostsOf('staticHosts', given.staticHosts),
    }
    const before = await readCodeSettings(tx)
    const changed = contract.changedSettings<CodeSettings>(before, input)
    event.about({ detail: { changed } })
    // as they were: nothing is written, and nothing recorded
    if (changed.length === 0 && before.version === version) {
      event.changesNothing = true
      return before
    }
    for (const name of changed)
      event.about({ detail: { [`${name}.from`]: JSON.stringify(before[name]), [`${name}.to`]: JSON.stringify(input[name]) } })
    const saved = await tx
      .updateTable('codeSettings')
      .set({
        linkHosts: input.linkHosts,
        staticText: input.staticText,
        staticHosts: input.staticHosts,
        scanAddresses: input.scanAddresses,
        scanRetentionDays: input.scanRetentionDays,
        version: version + 1,
      })
      .where('version', '=', version)
      .returning('version')
      .executeTakeFirst()
    if (!saved) throw changedMeanwhile('these settings', 'them')
    return readCodeSettings(tx)
  })

export const codeSettingsRoutes = (deps: ActDeps): Route[] => [
  route(contract.getCodeSettings, async () => tagged(await readCodeSettings(deps.db))),
  route(contract.putCodeSettings, async ({ actor, input, ifMatch }) =>
    tagged(await save(deps, actor, input, versionOf(ifMatch))),
  ),
]
