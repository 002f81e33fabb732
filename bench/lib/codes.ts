import { randomUUID } from 'node:crypto'
import type { Core } from '@postern/server'
import { sql } from 'kysely'
import { pause } from './processes.ts'

/** Link codes as the console issues them; answers their ids, in Postern's form and as UUIDs. */
export const addLinks = async ({ db }: Core, n: number): Promise<{ id: string; uuid: string }[]> => {
  const now = Date.now().toString(16).padStart(12, '0')
  const uuids = Array.from({ length: n }, () => `${now.slice(0, 8)}-${now.slice(8)}-7${randomUUID().slice(15)}`)
  await sql`insert into code (id, kind, label, destination, epoch)
    select b.id, 'link', 'bench', '{"type": "url", "url": "https://www.example.org/"}'::jsonb, d.epoch from unnest(${uuids}::uuid[]) b(id), deployment d`.execute(
    db,
  )
  return uuids.map((uuid) => ({ uuid, id: `cod_${base32(uuid)}` }))
}
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
/** Crockford's Base32 of 128 bits, highest first, in 26 characters. */
export const base32 = (uuid: string): string => {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let at = 0; at < 26; at++, value >>= 5n) text = alphabet[Number(value & 31n)] + text
  return text
}

/** How many openings are counted for all codes together: rolled up, and not yet. */
export const counted = async ({ db }: Core): Promise<{ raw: number; rolled: number; waiting: number }> => {
  const { rows } = await sql<{ raw: number; rolled: number; waiting: number }>`
    select (select coalesce(sum(n), 0)::int from scan) as raw, (select coalesce(sum(people + previews), 0)::int from scan_total) as rolled,
      (select count(*)::int from pending where stream = 2) + (select (h.size - c.upto)::int from log_head h join log_cursor c using (stream) where stream = 2 and consumer = 'rollup') as waiting`.execute(
    db,
  )
  return rows[0] as { raw: number; rolled: number; waiting: number }
}
/** Waits until the server's own loops have rolled up all there is; answers the seconds it took. */
export const rolledUp = async (core: Core): Promise<number> => {
  const began = performance.now()
  while ((await counted(core)).waiting > 0) await pause(200)
  return (performance.now() - began) / 1_000
}
