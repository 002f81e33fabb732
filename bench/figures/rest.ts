import { type Figure, rounds } from '../lib/figure.ts'
import { median } from '../lib/load.ts'
import { family, pssMiB } from '../lib/proc.ts'
import { freePort, pause } from '../lib/processes.ts'
import { isReady, scratchFolder, serve, startPeer } from '../lib/servers.ts'

/** At rest: this long after the start, with nobody calling. In milliseconds. */
const restMs = 5_000

/** From the command to the first 200 of /readyz, on a data folder whose embedded database exists; and what all processes hold then. */
export const rest: Figure = async () => {
  const data = scratchFolder()
  const port = await freePort()
  const env = {
    POSTERN_DATA: data,
    POSTERN_ORIGIN: `http://localhost:${port}`,
    POSTERN_LISTEN: `127.0.0.1:${port}`,
    POSTERN_BOOTSTRAP: 'off',
    POSTERN_LOG: 'warn',
  }
  const started = () => serve(env, () => isReady(port))
  // the first start makes the database
  await (await started()).stop()
  const starts: number[] = []
  const sizes: number[] = []
  const emptyStarts: number[] = []
  const emptySizes: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = performance.now()
    const server = await started()
    starts.push((performance.now() - before) / 1_000)
    await pause(restMs)
    sizes.push(pssMiB(family(server.pid)))
    await server.stop()
    const emptyBefore = performance.now()
    const empty = await startPeer('empty-route')
    emptyStarts.push((performance.now() - emptyBefore) / 1_000)
    await pause(500)
    emptySizes.push(pssMiB([empty.pid]))
    await empty.stop()
  }
  const row = (figure: string, ours: number, reference: number, unit: string, goal: number) => ({
    figure,
    ours: `${ours.toFixed(unit === 's' ? 2 : 0)} ${unit}`,
    reference: `${reference.toFixed(unit === 's' ? 2 : 0)} ${unit}`,
    ratio: `${(ours / reference).toFixed(1)} x`,
    goal: `< ${goal} ${unit}`,
    met: ours < goal,
  })
  return [
    row(
      'start with an existing embedded database, to /readyz (reference: an empty Fastify server)',
      median(starts),
      median(emptyStarts),
      's',
      2,
    ),
    row('all processes at rest, PSS (reference: an empty Fastify server)', median(sizes), median(emptySizes), 'MiB', 250),
  ]
}
