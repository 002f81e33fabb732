import { readFileSync } from 'node:fs'
import { startCluster } from './lib/cluster.ts'
import { Generator, requireAll } from './lib/load.ts'
import { addPeople, addSignIns } from './lib/people.ts'
import { startPostern } from './lib/servers.ts'
import { passcodeShot } from './lib/shots.ts'
import { processorMs } from './lib/proc.ts'
import { sql } from 'kysely'
import pg from 'pg'
const pm = Number(readFileSync('/tmp/pgx/d/postmaster.pid','utf8').split('\n')[0])
const ask = async (t) => { const k = new pg.Client('postgres://postgres@127.0.0.1:55777/postgres'); await k.connect(); const r = await k.query(t); await k.end(); return r.rows }
const c = { pid: pm, newDatabase: async (n) => { await ask('drop database if exists ' + n); await ask('create database ' + n); return 'postgres://postgres@127.0.0.1:55777/' + n }, stop: async () => {} }; const g = new Generator()
const p = await startPostern(c, 'p', 1)
const n = 3000
for (let r = 0; r < 2; r++) {
const people = await addPeople(p.core, n); const tokens = await addSignIns(p.core, people); await p.settle()
await sql`checkpoint`.execute(p.core.db)
await ask('create extension if not exists pg_stat_statements'); await ask('select pg_stat_statements_reset()')
const shots = people.map((x, at) => passcodeShot(p.ports, 0, x, tokens[at] as string))
const a = processorMs(p.pids), b = processorMs([c.pid])
const m = await g.measure({ ports: p.ports, concurrency: 64, shots }, [c.pid, ...p.pids]); requireAll(m.statuses, 200, 'x')
console.log(m.rate, m.p50, m.p99, 'cpu', m.processorMs, 'server', (processorMs(p.pids) - a) / n, 'pg', (processorMs([c.pid]) - b) / n)
}
console.log((await ask("select calls, rows, round(total_exec_time) total, round(mean_exec_time::numeric,3) mean, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) q from pg_stat_statements order by total_exec_time desc limit 14")).map(r=>[r.calls,r.rows,r.total,r.mean,r.q].join(' | ')).join('\n'))
if (false) { await sql.raw("create extension if not exists pg_stat_statements").execute(p.core.db).catch(e => console.log(e.message)) }
await p.stop(); g.stop(); await c.stop(); process.exit()
