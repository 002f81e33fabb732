import { startCluster } from './lib/cluster.ts'
import { Generator, requireAll, request } from './lib/load.ts'
import { addPeople, addSessions, addTokens } from './lib/people.ts'
import { startPostern, startPeer } from './lib/servers.ts'
import { bearerShot, sessionShot } from './lib/shots.ts'
import { processorMs } from './lib/proc.ts'
const c = await startCluster(); const g = new Generator()
const p = await startPostern(c, 'p', 1); const e = await startPeer('empty-route')
const people = await addPeople(p.core, 2000); const cookies = await addSessions(p.core, people); const tokens = await addTokens(p.core, 200); await p.settle()
const run = async (name, port, pids, shots) => { const a = processorMs(pids), b = processorMs([c.pid]); const n = shots.length; const m = await g.measure({ ports: [port], concurrency: 64, shots }, pids); requireAll(m.statuses, 200, name); console.log(name, Math.round(m.rate), 'p50', m.p50.toFixed(1), 'server us', ((processorMs(pids) - a) / n * 1000).toFixed(0), 'pg us', ((processorMs([c.pid]) - b) / n * 1000).toFixed(0)) }
for (let r = 0; r < 3; r++) {
  await run('empty', e.port, [e.pid], Array.from({ length: 15000 }, () => ({ to: 0, text: request('GET', '/', { host: 'x' }) })))
  await run('openapi', p.ports[0], p.pids, Array.from({ length: 8000 }, () => ({ to: 0, text: request('GET', '/healthz', { host: 'localhost:' + p.ports[0] }) })))
  await run('bearer', p.ports[0], p.pids, Array.from({ length: 15000 }, (_, at) => bearerShot(p.ports[0], '/api/roles', tokens[at % 200])))
  if (!process.argv[2]) await run('browser', p.ports[0], p.pids, Array.from({ length: 4000 }, (_, at) => sessionShot(p.ports[0], people[at % 2000], cookies[at % 2000])))
}
await p.stop(); await e.stop(); g.stop(); await c.stop(); process.exit()
