import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { atOnce } from './support/attack.ts'
import { machine, startDeployment } from './support/deployment.ts'
import { firstOperator } from './support/people.ts'

const agent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

test('link codes that are opened at both processes while one revokes or edits them obey from its answer on', async (t) => {
  const deployment = await startDeployment()
  const { a, at } = deployment
  const robot = (await machine(await firstOperator(deployment)))(a.origin)
  const link = () =>
    robot.call(contract.createCode, {
      kind: 'link',
      label: 'Gate 4',
      destination: { type: 'url', url: 'https://old.example.org/' },
    })
  /**
   * 16 readers at both processes open the code without pause while `deed` runs, until each has opened it 15 times after the
   * answer. What `obeys` says of openings that began after it must hold.
   */
  const around = async (id: string, deed: () => Promise<unknown>, obeys: (status: number, to: string | null) => boolean) => {
    let answeredAt = Number.POSITIVE_INFINITY
    const counts = { before: 0, obeyedBefore: 0, after: 0, disobeyedAfter: 0 }
    const readers = atOnce(16, async (n) => {
      for (let late = 0; late < 15; ) {
        const sentAt = performance.now()
        const answer = await fetch(`${at(n)}/c/${id}`, { redirect: 'manual', headers: { 'user-agent': agent } })
        await answer.arrayBuffer()
        const obeyed = obeys(answer.status, answer.headers.get('location'))
        if (sentAt > answeredAt) {
          late++
          counts.after++
          if (!obeyed) counts.disobeyedAfter++
        } else {
          counts.before++
          if (obeyed) counts.obeyedBefore++
        }
      }
    })
    while (counts.before < 100) await new Promise((resolve) => setImmediate(resolve))
    await deed()
    answeredAt = performance.now()
    await readers
    return counts
  }
  const sum = { before: 0, obeyedBefore: 0, after: 0, disobeyedAfter: 0 }
  const add = (counts: typeof sum): void => {
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name]
  }

  for (let round = 0; round < 6; round++) {
    const { id } = await link()
    add(
      await around(
        id,
        () => robot.call(contract.revokeCode, { id, reason: 'a test' }),
        (status) => status === 410,
      ),
    )
  }
  t.diagnostic(`openings around revocations: ${JSON.stringify(sum)}`)
  assert.equal(sum.disobeyedAfter, 0, 'nothing was accepted after the answer')
  assert.ok(sum.before - sum.obeyedBefore > 100 && sum.after >= 6 * 16 * 15)

  for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] = 0
  for (let round = 0; round < 6; round++) {
    const { id } = await link()
    const destination = { type: 'url', url: 'https://new.example.org/' } as const
    add(
      await around(
        id,
        () => robot.call(contract.updateCode, { id, destination }, { headers: { 'if-match': '"1"' } }),
        (status, to) => status === 302 && to === destination.url,
      ),
    )
  }
  t.diagnostic(`openings around edits: ${JSON.stringify(sum)}`)
  assert.equal(sum.disobeyedAfter, 0, 'after the answer everybody was sent to the new destination')
  assert.ok(sum.before - sum.obeyedBefore > 100 && sum.after >= 6 * 16 * 15)

  // and each opening is counted, whatever it came to
  const { items } = await robot.call(contract.listCodes, {})
  const scans = items.reduce((total, code) => total + code.scans, 0)
  assert.equal(
    scans,
    await deployment.count(`select (select coalesce(sum(n), 0) from scan) + (select coalesce(sum(n), 0) from scan_flood)`),
  )
})
