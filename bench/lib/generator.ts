import { createConnection } from 'node:net'
import { isWhole } from './answers.ts'
import type { Job, Outcome, Shot } from './load.ts'

/** No request may take longer, and no job: the run is bounded in time. In milliseconds. */
const longestAnswer = 20_000

// A closed loop over keep-alive connections: each sends its next request when it has read the whole answer. Written on
// node:net, for node:http costs the generator about as much as a fast server spends, on a machine that both share.
const run = (job: Job): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const { ports, concurrency, shots, keep } = job
    const statuses = new Uint16Array(shots.length)
    const latencies = new Float64Array(shots.length)
    const answers: string[] = []
    const queues = ports.map((_, to) => shots.flatMap((shot, index) => (shot.to === to ? [index] : [])).reverse())
    let open = concurrency
    let begun = 0
    const done = (): void => {
      if (--open === 0) resolve({ seconds: (performance.now() - begun) / 1_000, statuses, latencies, answers })
    }
    const sockets = Array.from({ length: concurrency }, (_, k) =>
      createConnection(ports[k % ports.length] as number, '127.0.0.1'),
    )
    let connected = 0
    const starts: (() => void)[] = []
    sockets.forEach((socket, k) => {
      const queue = queues[k % ports.length] as number[]
      let index = -1
      let sent = 0
      let pending = ''
      const next = (): void => {
        const following = queue.pop()
        if (following === undefined) {
          index = -1
          socket.destroy()
          done()
          return
        }
        index = following
        sent = performance.now()
        socket.write((shots[index] as Shot).text, 'latin1')
      }
      socket.setNoDelay(true)
      socket.setTimeout(longestAnswer, () => socket.destroy(new Error('no answer in time')))
      socket.on('data', (chunk: Buffer) => {
        pending += chunk.toString('latin1')
        if (!isWhole(pending)) return
        statuses[index] = Number(pending.slice(9, 12))
        latencies[index] = performance.now() - sent
        if (keep) answers[index] = pending
        pending = ''
        next()
      })
      socket.on('error', reject)
      socket.on('end', () => reject(new Error('the server closed a connection')))
      socket.on('connect', () => {
        if (++connected < concurrency) return
        begun = performance.now()
        for (const start of starts) start()
      })
      starts.push(next)
    })
  })

process.on('message', (job) => {
  run(job as Job).then(
    (outcome) => process.send?.(outcome),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
