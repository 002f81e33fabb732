import type { Core } from '@postern/server'
import { sql } from 'kysely'
import { base32 } from './codes.ts'

const million = 1_000_000
const people = 20_000
const portion = 50_000

/**
 * A million codes of two years, in bulk: six of ten are links, three enrolled somebody, one is static. Most links are live and
 * most enrolment codes used; fifty wait for their day, forty are used up, and a campaign of 20,000 ended long ago.
 * Answers whom and what the list is then asked about.
 */
export const addManyCodes = async (
  core: Core,
): Promise<Record<'owner' | 'fewOwner' | 'brand' | 'fewBrand' | 'middle', Known>> => {
  const { db } = core
  const epoch = sql`(select epoch from deployment)`
  await sql`insert into users (id, username, username_key) select ${id('n', 'u')}, name, name
    from generate_series(1, ${people}) n, lateral (select 'person' || n || '.' || (array['kowalski','nowak','wisniewska','zielinski','lewandowska'])[1 + n % 5] as name) x`.execute(
    db,
  )
  await sql`insert into brand (id, name) select ${id('n', 'b')}, 'Kit ' || n from generate_series(1, 20) n`.execute(db)
  for (let done = 0; done < million; done += portion)
    await sql`insert into code (id, kind, secret_hash, user_id, owner_id, issued_by, label, not_before, expires_at, scan_limit, scans, claimed_at, claimed_by, revoked_at, destination, brand_id, epoch, created_at)
      select id, kind, case when kind = 'enrol-totp' then sha256(id::text::bytea) end, case when kind = 'enrol-totp' then ${id(`1 + n % ${people}`, 'u')} end,
        ${id('case when n % 50021 = 7 then 299 else 1 + (n % 13) * (n % 17) end', 'u')}, 'bench', label,
        case when n % 20000 = 4 then now() + interval '40 d' when n % 40 = 2 then at else '-infinity' end,
        case when kind = 'enrol-totp' then at + interval '1 d' when n between 100000 and 120000 then at + interval '30 d' when n % 97 = 5 then at + interval '20 d' when n % 31 = 5 then at + interval '900 d' else 'infinity' end,
        case when kind = 'link' and n % 50 = 1 then 100 end, case when kind = 'link' and n % 25000 = 1 then 100 when kind = 'link' and n % 50 = 1 then n % 100 else 0 end,
        case when claimed then at + interval '1 h' end, case when claimed then sha256('key') end, case when n % 41 = 0 then at + interval '3 d' end,
        case when kind <> 'enrol-totp' then case n % 3 when 0 then jsonb_build_object('type', 'text', 'text', 'Room ' || n % 977 || ', floor ' || n % 31)
          else jsonb_build_object('type', 'url', 'url', 'https://www.example.org/' || (array['menu','manual','register','feedback','map','wifi','parts','returns'])[1 + n % 8] || '/' || n) end end,
        case when kind <> 'enrol-totp' and n % 2 = 0 then ${id('case when n % 100003 = 8 then 20 else 1 + n % 19 end', 'b')} end, ${epoch}, at
      from (select n, at, kind, kind = 'enrol-totp' and n % 20 > 3 and n % 41 <> 0 as claimed,
          (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || 'a' || substr(md5(n::text), 4, 15))::uuid as id,
          case when n = 654321 then 'Geigerzähler im Keller' when n between 100000 and 120000 then 'Campaign 2023, poster ' || n
            else (array['Table','Shelf','Machine','Door','Poster','Invoice','Badge','Locker','Parcel','Meeting room'])[1 + n % 10] || ' ' || n % 4999 || ' ' || (array['north','south','east','west'])[1 + n % 4] end as label
        from (select n, (array['link','link','link','enrol-totp','link','static','enrol-totp','link','link','enrol-totp'])[1 + n % 10] as kind,
            now() - interval '730 d' * (1 - n / ${million + 1}::float8) as at from generate_series(${done + 1}::int, ${done + portion}::int) n) g) g`.execute(
      db,
    )
  const { rows } = await sql<{ id: string }>`select id from code order by id offset ${million / 2} limit 1`.execute(db)
  const known = async (n: number, of: Of): Promise<Known> => {
    const { rows } = await sql<{ id: string }>`select ${id(String(n), of)} as id`.execute(db)
    return shown(of === 'u' ? 'usr' : 'brd', rows[0]?.id as string)
  }
  return {
    owner: await known(1, 'u'),
    fewOwner: await known(299, 'u'),
    brand: await known(1, 'b'),
    fewBrand: await known(20, 'b'),
    middle: shown('cod', rows[0]?.id as string),
  }
}
/** An id as the tables have it, and as the contract writes it. */
type Known = { id: string; text: string }
const shown = (kind: string, uuid: string): Known => ({ id: uuid, text: `${kind}_${base32(uuid)}` })
type Of = 'u' | 'b'
/** The id of the nth person or kit. */
const id = (n: string, of: Of) =>
  sql.raw(`('00000000-0000-7000-8000-${of === 'u' ? '1' : '2'}' || lpad((${n})::text, 11, '0'))::uuid`)
