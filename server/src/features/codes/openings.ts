import type { Destination } from '@postern/contract'
import type pg from 'pg'
import type { Actor } from '../../platform/actor.ts'
import { Group } from '../../platform/group.ts'
import { uuid7 } from '../../platform/ids.ts'
import type { Keys } from '../../platform/keys.ts'
import { addressTag } from '../events/index.ts'
import { leadsTo } from './destinations.ts'

/** What an opening of ORIGIN/c/ID comes to. Of `page` the edge sends the same bytes, whatever the id. */
export type Opening =
  | { is: 'page'; codeId: string | null }
  | { is: 'redirected'; to: string }
  | { is: 'shown'; text: string }
  | { is: 'revoked' | 'expired' | 'used-up' }
  | { is: 'not-yet-valid'; notBefore: Date }

type Entry = {
  code: string
  deviceType: string
  platform: string
  browser: string
  country: string
  bot: boolean
  /** A scan limit counts openings that are no HEAD and no known preview. */
  counts: boolean
  tag: Buffer | null
}
type Row = {
  kind: string | null
  state: 'page' | 'revoked' | 'expired' | 'not-yet-valid' | 'used-up' | 'live'
  code: string
  destination: Destination | null
  not_before: Date | null
}

/**
 * OPEN (model §3, SCAN): reads the codes of a group, counts those with a limit, records the scan of each link code; one
 * commit. What was re-issued is opened as the code that took its place. Nothing comes from memory, so what was revoked
 * before an opening came is refused. Codes that authenticate are only named here: their page records the opening.
 */
const openText = `with b as (select * from unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::boolean[], $10::bytea[])
    t(n, asked, scan, device_type, platform, browser, country, bot, counts, tag)),
  k as (select b.*, c.kind, coalesce(x.id, c.id) as code from b left join code c on c.id = b.asked left join code x on x.id = c.replaced_by and c.kind = 'link'),
  l as materialized (select id, scans, revoked_at, expires_at, not_before, destination, scan_limit from code
    where id in (select code from k where kind = 'link') and scan_limit is not null order by id for no key update),
  s as (select k.*, coalesce(l.destination, c.destination) as destination, coalesce(l.not_before, c.not_before) as not_before, l.scans, l.scan_limit,
      case when k.kind is distinct from 'link' then 'page'
        when coalesce(l.revoked_at, c.revoked_at) is not null then 'revoked'
        when coalesce(l.expires_at, c.expires_at) <= now() then 'expired'
        when coalesce(l.not_before, c.not_before) > now() then 'not-yet-valid'
        else 'live' end as state,
      count(*) filter (where k.counts) over (partition by k.code order by k.n) as place
    from k left join code c on c.id = k.code left join l on l.id = k.code),
  o as (select n, scan, kind, code, destination, not_before, device_type, platform, browser, country, bot, tag, counts, scan_limit,
      case when state = 'live' and scans + (case when counts then place else 1 end) > scan_limit then 'used-up' else state end as state from s),
  u as (update code c set scans = least(c.scan_limit, c.scans + w.n) from (select code, count(*)::int as n from o where state = 'live' and counts and scan_limit is not null group by code) w
    where c.id = w.code),
  i as (insert into scan (id, code_id, outcome, device_type, platform, browser, country, bot, address_tag)
    select scan, code, case when state <> 'live' then state when destination->>'type' = 'text' then 'shown' else 'redirected' end,
      device_type, platform, browser, country, bot, tag from o where state <> 'page')
  select kind, state, code, destination, not_before from o order by n`

const open = async (hot: pg.Pool, entries: readonly Entry[]): Promise<Row[]> => {
  const { rows } = await hot.query<Row>({
    name: 'open-code',
    text: openText,
    values: [
      entries.map((_, at) => at),
      entries.map((e) => e.code),
      entries.map(() => uuid7()),
      entries.map((e) => e.deviceType),
      entries.map((e) => e.platform),
      entries.map((e) => e.browser),
      entries.map((e) => e.country),
      entries.map((e) => e.bot),
      entries.map((e) => e.counts),
      entries.map((e) => e.tag),
    ],
  })
  return rows
}

/** Openings of codes, in groups: the answer of a redirect waits for one durable insert and nothing more. */
export class Openings {
  readonly #group: Group<Entry, Row>
  readonly #keys: Keys
  constructor(hot: pg.Pool, keys: Keys) {
    this.#keys = keys
    this.#group = new Group({ run: (entries) => open(hot, entries) })
  }
  async open({ source }: Actor, codeId: string, method: string): Promise<Opening> {
    const bot = source.device.type === 'bot' || method === 'HEAD'
    const row = await this.#group.submit({
      code: codeId,
      deviceType: source.device.type,
      platform: source.device.platform,
      browser: source.device.browser,
      country: source.place?.country ?? '',
      bot,
      counts: !bot,
      tag: source.address ? addressTag(this.#keys, source.address) : null,
    })
    switch (row.state) {
      case 'page':
        return { is: 'page', codeId: row.kind === null || row.kind === 'static' ? null : row.code }
      case 'live': {
        const destination = row.destination as Destination
        return destination.type === 'text'
          ? { is: 'shown', text: destination.text }
          : { is: 'redirected', to: leadsTo(destination, source.device.platform) }
      }
      case 'not-yet-valid':
        return { is: 'not-yet-valid', notBefore: row.not_before as Date }
      default:
        return { is: row.state }
    }
  }
  drain(): Promise<void> {
    return this.#group.drain()
  }
}
