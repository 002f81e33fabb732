import type { AuthenticationSettings, In, Role } from '@postern/contract'
import * as contract from '@postern/contract'
import { type Generated, sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { changedMeanwhile, tagged, versionOf } from '../../platform/versions.ts'
import { type ActDeps, act } from '../events/index.ts'
import { hasSecondFactor, lostFactor, recoveryCodesLeft } from '../users/index.ts'

declare module '../../platform/db.ts' {
  interface Tables {
    authenticationSettings: {
      one: Generated<boolean>
      enrolment: boolean
      secondFactorRoles: Role[]
      secondFactorFrom: Date | null
      totpRenewalDays: number | null
      startsPerMinute: number
      failuresPerMinute: number
      totpAlgorithm: 'SHA1' | 'SHA256' | 'SHA512'
      totpDigits: 6 | 8
      totpPeriod: 15 | 30 | 60
      issuer: string
      version: number
    }
  }
}

/** Settings → Authentication as they stand; read where they decide, never kept. */
export const readAuthenticationSettings = async (db: Db | Tx): Promise<AuthenticationSettings & { version: number }> => {
  const row = await db.selectFrom('authenticationSettings').selectAll().executeTakeFirstOrThrow()
  return {
    enrolment: row.enrolment,
    secondFactor: { roles: row.secondFactorRoles, from: row.secondFactorFrom?.toISOString() ?? null },
    totpRenewalDays: row.totpRenewalDays,
    addressLimits: { startsPerMinute: row.startsPerMinute, failuresPerMinute: row.failuresPerMinute },
    totp: { algorithm: row.totpAlgorithm, digits: row.totpDigits, periodSeconds: row.totpPeriod },
    issuer: row.issuer,
    version: row.version,
  }
}

/** How an event names the policy that was applied (R35): its version, of which `settings.changed` tells what it said. */
export const policyName = (version: number): string => `authentication/${version}`

/** R5: throws where people cannot enrol. */
export const requireEnrolment = async (tx: Db | Tx): Promise<AuthenticationSettings & { version: number }> => {
  const settings = await readAuthenticationSettings(tx)
  if (!settings.enrolment)
    throw new Refusal('enrolment-off', 'enrolment is switched off', {
      detail: 'Enrolment is switched off under Settings → Authentication.',
    })
  return settings
}

/** R6: whether policy demands a second factor of this person now, by the database's clock. */
export const secondFactorDemanded = async (tx: Db | Tx, userId: string): Promise<boolean> => {
  const { rows } = await sql<{
    demanded: boolean
  }>`select exists (select from user_role r, authentication_settings p where r.user_id = ${userId}
    and r.role = any (p.second_factor_roles) and coalesce(p.second_factor_from, '-infinity') <= now()) as demanded`.execute(tx)
  return rows[0]?.demanded === true
}

/** Many authenticator apps ignore everything but SHA-1, 6 digits, 30 s, and then show passcodes that do not work. */
const worksEverywhere = (totp: AuthenticationSettings['totp']): boolean =>
  totp.algorithm === 'SHA1' && totp.digits === 6 && totp.periodSeconds === 30

const shown = async (db: Db | Tx) => {
  const settings = await readAuthenticationSettings(db)
  // whom the wizard waits for: not who signs in with no password, nor who lost a factor and is asked for something else
  const { rows } = await sql<{
    n: number
  }>`select count(*)::int as n from users u where u.state = 'active' and not ${sql.raw(hasSecondFactor('u.id'))}
    and exists (select from password where user_id = u.id) and ${sql.raw(recoveryCodesLeft('u.id'))} = 0 and not ${sql.raw(lostFactor('u.id'))}
    and exists (select from user_role r where r.user_id = u.id and r.role = any (${settings.secondFactor.roles}::text[]))`.execute(
    db,
  )
  return { ...settings, withoutSecondFactor: rows[0]?.n ?? 0, defaultsWarning: !worksEverywhere(settings.totp) }
}

const save = (deps: ActDeps, actor: Actor, input: In<typeof contract.putAuthenticationSettings>, version: number) =>
  act(deps, actor, { type: 'settings.changed', endpoint: contract.putAuthenticationSettings }, async (tx, event) => {
    const before = await readAuthenticationSettings(tx)
    const changed = contract.changedSettings<AuthenticationSettings>(before, input)
    event.about({ subject: { kind: 'settings', id: null, name: 'authentication' }, detail: { changed } })
    // as they were: nothing is written, and nothing recorded
    if (changed.length === 0 && before.version === version) {
      event.changesNothing = true
      return shown(tx)
    }
    for (const name of changed)
      event.about({ detail: { [`${name}.from`]: JSON.stringify(before[name]), [`${name}.to`]: JSON.stringify(input[name]) } })
    if (!input.enrolment && input.secondFactor.roles.length > 0)
      throw new Refusal('conflict', 'a demand for what is switched off', {
        detail:
          'Enrolment is switched off, so nobody could meet a demand for a second factor. Remove the demand, or keep enrolment on.',
        errors: [{ path: 'secondFactor.roles', message: 'must be empty while enrolment is off' }],
      })
    if (!input.enrolment && input.totpRenewalDays !== null)
      throw new Refusal('conflict', 'a renewal of what is switched off', {
        detail: 'Enrolment is switched off, so nobody could renew a key. Remove the age of renewal, or keep enrolment on.',
        errors: [{ path: 'totpRenewalDays', message: 'must be empty while enrolment is off' }],
      })
    const touched = (role: Role) => input.secondFactor.roles.includes(role) !== before.secondFactor.roles.includes(role)
    const demandMoved = input.secondFactor.from !== before.secondFactor.from
    if (
      roleOf(actor) !== 'owner' &&
      (touched('operator') || touched('owner') || demandMoved || input.enrolment !== before.enrolment)
    )
      throw new Refusal('not-allowed', 'rules for operators and owners are an owner’s', {
        detail: 'Only an owner changes what operators and owners must prove.',
      })
    const saved = await tx
      .updateTable('authenticationSettings')
      .set({
        enrolment: input.enrolment,
        secondFactorRoles: [...new Set(input.secondFactor.roles)],
        secondFactorFrom: input.secondFactor.from === null ? null : new Date(input.secondFactor.from),
        totpRenewalDays: input.totpRenewalDays,
        startsPerMinute: input.addressLimits.startsPerMinute,
        failuresPerMinute: input.addressLimits.failuresPerMinute,
        totpAlgorithm: input.totp.algorithm,
        totpDigits: input.totp.digits,
        totpPeriod: input.totp.periodSeconds,
        issuer: input.issuer,
        version: version + 1,
      })
      .where('version', '=', version)
      .returning('version')
      .executeTakeFirst()
    if (!saved) throw changedMeanwhile('these settings', 'them')
    event.about({ detail: { version: saved.version } })
    return shown(tx)
  })

export const settingsRoutes = (deps: ActDeps): Route[] => [
  route(contract.getAuthenticationSettings, async () => tagged(await shown(deps.db))),
  route(contract.putAuthenticationSettings, async ({ actor, input, ifMatch }) =>
    tagged(await save(deps, actor, input, versionOf(ifMatch))),
  ),
]
