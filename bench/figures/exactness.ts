import type { Figure, Row } from '../lib/figure.ts'
import type { Shot } from '../lib/load.ts'
import { addPeople, addSignIns, passcodeNow } from '../lib/people.ts'
import { startPostern } from '../lib/servers.ts'
import { passcodeShot } from '../lib/shots.ts'

const people = 20_000
/** People at a time: a passcode is good for 30 seconds at least, so no batch may take longer. */
const batch = 1_000
const concurrency = 64
/** How far behind the first use its replay goes out: some race with it, most come after it. */
const behind = 48

/**
 * Each passcode is sent twice, by two sign-ins of one person to two processes: exactly one may be accepted. Where none is,
 * a valid one was refused; where both are, a replay was accepted.
 */
export const exactness: Figure = async ({ cluster, generator }) => {
  const postern = await startPostern(cluster, 'postern_exactness', 2)
  try {
    let refused = 0
    let replayed = 0
    const others = new Map<string, number>()
    for (let first = 0; first < people; first += batch) {
      const crowd = await addPeople(postern.core, batch)
      const tokens = [await addSignIns(postern.core, crowd), await addSignIns(postern.core, crowd)] as const
      await postern.settle()
      // once a person: a step that turns while these are written would make two valid passcodes of one
      const codes = crowd.map(({ secret }) => passcodeNow(secret))
      const shots: Shot[] = []
      const owners: number[] = []
      const shoot = (at: number, use: 0 | 1): void => {
        const person = crowd[at]
        if (!person) return
        shots.push(passcodeShot(postern.ports, (at + use) % 2, person, tokens[use][at] as string, codes[at]))
        owners.push(at)
      }
      for (let at = 0; at < batch + behind; at++) {
        shoot(at, 0)
        if (at >= behind) shoot(at - behind, 1)
      }
      const { statuses, answers } = await generator.run({ ports: postern.ports, concurrency, shots, keep: true })
      const accepted = new Uint8Array(batch)
      const count = (person: number): void => {
        accepted[person] = (accepted[person] ?? 0) + 1
      }
      statuses.forEach((status, at) => {
        if (status === 200) count(owners[at] as number)
        const code = status === 200 ? 'accepted' : (/"code":"([a-z-]+)"/.exec(answers[at] ?? '')?.[1] ?? String(status))
        if (code !== 'accepted' && code !== 'totp-replayed') others.set(code, (others.get(code) ?? 0) + 1)
      })
      refused += accepted.filter((n) => n === 0).length
      replayed += accepted.filter((n) => n === 2).length
    }
    const row = (figure: string, wrong: number): Row => ({
      figure,
      ours: `${wrong} of ${people.toLocaleString('en')}`,
      reference: '',
      ratio: '',
      goal: '0',
      met: wrong === 0,
    })
    const rows = [
      row('valid passcodes refused, c=64 over two processes', refused),
      row('replays accepted, c=64 over two processes', replayed),
    ]
    if (others.size > 0)
      rows.push({ ...row('answers that are neither', 1), ours: [...others].map(([code, n]) => `${n} ${code}`).join(', ') })
    return rows
  } finally {
    await postern.stop()
  }
}
