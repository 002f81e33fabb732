import type { CodeSettings, Destination } from '@postern/contract'
import type pg from 'pg'
import type { Actor, Source } from '../../platform/actor.ts'
import { bools, byteas, int4s, texts, uuids } from '../../platform/columns.ts'
import { Group } from '../../platform/group.ts'
import { uuid7 } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { isIPv6 } from '../../platform/network.ts'
import { scanStream } from '../events/index.ts'
import { leadsTo } from './destinations.ts'
import { keeper, networkOf } from './scan-address.ts'
import { countFlood, type KeptAddress } from './scans-store.ts'

/** What an opening of ORIGIN/c/ID comes to. Of `page` the edge sends the same bytes, whatever the id. */
export type Opening =
  | { is: 'page'; codeId: string | null }
  | { is: 'redirected'; to: string }
  | { is: 'shown'; codeId: string; text: string }
  | { is: 'revoked' | 'expired' | 'used-up'; codeId: string }
  | { is: 'not-yet-valid'; codeId: string; notBefore: Date }

type Entry = {
  code: string
  source: Source
  /** No person: a HEAD, a prefetch, a known preview or crawler. A scan limit counts the others. */
  bot: boolean
  /** The address has had its rows of this minute. */
  flooding: boolean
}
type Row = {
  kind: string | null
  /** `limited`: it has a scan limit, and was not recorded by the statement that counts none. */
  state: 'page' | 'revoked' | 'expired' | 'not-yet-valid' | 'used-up' | 'live' | 'limited'
  code: string
  destination: Destination | null
  not_before: Date | null
  /** False: what is kept of addresses was changed meanwhile, so nothing was. */
  kept: boolean
}

/** Most codes have no limit: this names those that have one, and leaves them to the other. */
const uncounted = `o as (select k.*, v.kept, case when kind is distinct from 'link' then 'page' when scan_limit is not null then 'limited'
      when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' when not_before > now() then 'not-yet-valid' else 'live' end as ends from k, v)`
const counted = `l as materialized (select id, scans, revoked_at, expires_at, not_before, destination, scan_limit from code
    where id in (select code from k where kind = 'link' and scan_limit is not null) order by id for no key update),
  j as (select k.n, k.scan, k.kind, k.code, k.device_type, k.platform, k.browser, k.country, k.bot, k.flooding, k.city, k.tag, k.sealed, l.scans,
      case when l.id is null then k.revoked_at else l.revoked_at end as revoked_at, coalesce(l.expires_at, k.expires_at) as expires_at,
      coalesce(l.not_before, k.not_before) as not_before, coalesce(l.destination, k.destination) as destination, l.scan_limit
    from k left join l on l.id = k.code),
  s as (select *, case when kind is distinct from 'link' then 'page' when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired'
      when not_before > now() then 'not-yet-valid' else 'live' end as state,
      count(*) filter (where not bot) over (partition by code order by n) as place from j),
  o as (select s.*, v.kept, case when state = 'live' and scans + (case when bot then 1 else place end) > scan_limit then 'used-up' else state end as ends from s, v),
  u as (update code c set scans = least(c.scan_limit, c.scans + w.n) from (select code, count(*)::int as n from o where ends = 'live' and not bot and scan_limit is not null group by code) w
    where c.id = w.code)`

/**
 * OPEN (model §3, SCAN): reads the codes of a group, counts those with a limit (`limits`), records the scan of each link
 * code; one commit. What was re-issued is opened as the code that took its place. Nothing comes from memory, so what was revoked
 * before an opening came is refused. Codes that authenticate are only named here: their page records the opening.
 * Addresses come sealed as a version of the settings says; where another one is in force they are left out.
 */
const openText = (
  flooding: boolean,
  limits: boolean,
): string => `with b as (select * from unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::boolean[],
      $10::text[], $11::bytea[], $12::bytea[]) t(n, asked, scan, device_type, platform, browser, country, bot, flooding, city, tag, sealed)),
  v as (select version = $13 as kept from code_settings),
  k as (select b.*, c.kind, coalesce(x.id, c.id) as code,
      case when x.id is null then c.revoked_at else x.revoked_at end as revoked_at, coalesce(x.expires_at, c.expires_at) as expires_at,
      coalesce(x.not_before, c.not_before) as not_before, coalesce(x.destination, c.destination) as destination,
      case when x.id is null then c.scan_limit else x.scan_limit end as scan_limit
    from b left join code c on c.id = b.asked left join code x on x.id = c.replaced_by and c.kind = 'link'),
  ${limits ? counted : uncounted},
  r as (select scan as id, code as code_id, case when ends <> 'live' then ends when destination->>'type' = 'text' then 'shown' else 'redirected' end as outcome,
      device_type, platform, browser, country, case when kept then city else '' end as city, bot, case when kept then tag end as address_tag, case when kept then sealed end as sealed, flooding
    from o where ends not in ('page', 'limited')),
  i as (insert into scan (id, code_id, outcome, device_type, platform, browser, country, city, bot, address_tag, sealed)
    select id, code_id, outcome, device_type, platform, browser, country, city, bot, address_tag, sealed from r where not flooding),
  p as (insert into pending (stream, ids) select ${scanStream}, array_agg(id order by id) from r where not flooding having count(*) > 0)
  ${flooding ? `, w as (select * from r where flooding), f as (${countFlood('w')})` : ''}
  select kind, ends as state, code, destination, not_before, kept from o order by n`
/** A part of a statement costs even where it finds nothing: so one is made for what a group is in need of. */
const nameOf = (flooding: boolean, limits: boolean): string => `open-code${limits ? '-counted' : ''}${flooding ? '-flooded' : ''}`
const openTexts = new Map(
  [false, true].flatMap((flooding) =>
    [false, true].map((limits) => [nameOf(flooding, limits), openText(flooding, limits)] as const),
  ),
)
type Kept = { version: number; setting: CodeSettings['scanAddresses'] }
const readKept = async (hot: pg.Pool): Promise<Kept> =>
  (await hot.query<Kept>({ name: 'kept-addresses', text: 'select version, scan_addresses as setting from code_settings' }))
    .rows[0] as Kept

/** Rows of one address in a minute and process; beyond it openings are counted, and no longer written one by one. */
export const rowsPerMinute = 600
/** Whose rows this minute has had. It saves writing and decides nothing: each opening is answered, and counted in its commit. */
class AddressRows {
  #minute = 0
  readonly #rows = new Map<string, number>()
  isOver(address: string | null): boolean {
    if (address === null) return false
    const minute = Math.floor(Date.now() / 60_000)
    if (minute !== this.#minute) this.#rows.clear()
    this.#minute = minute
    // whoever has one IPv6 address has as many as they like
    const of = isIPv6(address) ? networkOf(address) : address
    const rows = (this.#rows.get(of) ?? 0) + 1
    this.#rows.set(of, rows)
    return rows > rowsPerMinute
  }
}

/** Openings of codes, in groups: the answer of a redirect waits for one durable insert and nothing more. */
export class Openings {
  readonly #group: Group<Entry, Row>
  /** Of codes with a limit: their rows are locked, so one group at a time. */
  readonly #counted: Group<Entry, Row>
  readonly #hot: pg.Pool
  readonly #keys: Keys
  readonly #rows = new AddressRows()
  /** Wakes what follows the scans; called after each commit that appended some. */
  readonly onScanned: () => void
  #kept: Kept | undefined
  constructor(hot: pg.Pool, keys: Keys, onScanned: () => void) {
    this.#hot = hot
    this.#keys = keys
    this.onScanned = onScanned
    this.#group = new Group({ run: (entries) => this.#run(entries, false), lanes: 2 })
    this.#counted = new Group({ run: (entries) => this.#run(entries, true) })
  }
  async #run(entries: readonly Entry[], limits: boolean): Promise<Row[]> {
    this.#kept ??= await readKept(this.#hot)
    const { version } = this.#kept
    const ids = entries.map(() => uuid7())
    const kept = await this.#keep(entries, ids)
    const name = nameOf(
      entries.some(({ flooding }) => flooding),
      limits,
    )
    const { rows } = await this.#hot.query<Row>({
      name,
      text: openTexts.get(name) as string,
      values: [
        int4s(entries.map((_, at) => at)),
        uuids(entries.map((e) => e.code)),
        uuids(ids),
        texts(entries.map((e) => e.source.device.type)),
        texts(entries.map((e) => e.source.device.platform)),
        texts(entries.map((e) => e.source.device.browser)),
        texts(entries.map((e) => e.source.place?.country ?? '')),
        bools(entries.map((e) => e.bot)),
        bools(entries.map((e) => e.flooding)),
        texts(kept.map((e) => e.city)),
        byteas(kept.map((e) => e.addressTag)),
        byteas(kept.map((e) => e.sealed)),
        version,
      ],
    })
    if (rows.some((row) => !row.kept)) await this.#keepAgain(entries, ids)
    this.onScanned()
    return rows
  }
  async #keep(entries: readonly Entry[], ids: readonly string[]): Promise<KeptAddress[]> {
    const keep = await keeper(this.#keys, (this.#kept as Kept).setting)
    return entries.map(({ source }, at) => keep(ids[at] as string, source))
  }
  /** The settings are others than those that the addresses were sealed by: once more, by what they say now. */
  async #keepAgain(entries: readonly Entry[], ids: readonly string[]): Promise<void> {
    this.#kept = await readKept(this.#hot)
    const kept = await this.#keep(entries, ids)
    await this.#hot.query({
      name: 'keep-addresses',
      text: `update scan s set address_tag = b.tag, sealed = b.sealed from unnest($1::uuid[], $2::bytea[], $3::bytea[]) b(id, tag, sealed)
        where s.id = b.id and (select version from code_settings) = $4`,
      values: [uuids(ids), byteas(kept.map((e) => e.addressTag)), byteas(kept.map((e) => e.sealed)), this.#kept.version],
    })
  }
  /** `preview`: no person waits for the answer (platform/previews.ts). */
  async open({ source }: Actor, codeId: string, preview: boolean): Promise<Opening> {
    const entry = { code: codeId, source, bot: preview, flooding: this.#rows.isOver(source.address) }
    const first = await this.#group.submit(entry)
    const row = first.state === 'limited' ? await this.#counted.submit(entry) : first
    switch (row.state) {
      case 'page':
        return { is: 'page', codeId: row.kind === null || row.kind === 'static' ? null : row.code }
      case 'live': {
        const destination = row.destination as Destination
        return destination.type === 'text'
          ? { is: 'shown', codeId: row.code, text: destination.text }
          : { is: 'redirected', to: leadsTo(destination, source.device.platform) }
      }
      case 'not-yet-valid':
        return { is: 'not-yet-valid', codeId: row.code, notBefore: row.not_before as Date }
      case 'limited':
        throw new Error('a limit was not counted')
      default:
        return { is: row.state, codeId: row.code }
    }
  }
  async drain(): Promise<void> {
    await this.#group.drain()
    await this.#counted.drain()
  }
}
