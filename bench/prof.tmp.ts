import { startCluster } from './lib/cluster.ts'
import { Generator, requireAll } from './lib/load.ts'
import { addPeople, addSignIns } from './lib/people.ts'
import { startPostern } from './lib/servers.ts'
import { passcodeShot } from './lib/shots.ts'
import { processorMs } from './lib/proc.ts'
import { sql } from 'kysely'
const c = await startCluster(); const g = new Generator()
const p = await startPostern(c, 'p', 1)
const n = 3000
for (let r = 0; r < 2; r++) {
const people = await addPeople(p.core, n); const tokens = await addSignIns(p.core, people); await p.settle()
await sql`checkpoint`.execute(p.core.db)
const shots = people.map((x, at) => passcodeShot(p.ports, 0, x, tokens[at] as string))
const a = processorMs(p.pids), b = processorMs([c.pid])
const m = await g.measure({ ports: p.ports, concurrency: 64, shots }, [c.pid, ...p.pids]); requireAll(m.statuses, 200, 'x')
console.log(m.rate, m.p50, m.p99, 'cpu', m.processorMs, 'server', (processorMs(p.pids) - a) / n, 'pg', (processorMs([c.pid]) - b) / n)
}
if (process.argv[2]) { await sql.raw("create extension if not exists pg_stat_statements").execute(p.core.db).catch(e => console.log(e.message)) }
await p.stop(); g.stop(); await c.stop(); process.exit()
