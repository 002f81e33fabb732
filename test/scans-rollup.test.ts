import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { fromId } from '../server/src/platform/ids.ts'
import { atOnce } from './support/attack.ts'
import { eventually, machine, pause, startDeployment } from './support/deployment.ts'
import { firstOperator } from './support/people.ts'
import { addScans, differingCells, scansNow } from './support/scans.ts'
import { startProcess } from './support/server.ts'

const agents = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
  'WhatsApp/2.23.20.0',
]

test('over two rollup loops, one of them killed again and again, rollups and raw rows agree at every moment', async (t) => {
  const deployment = await startDeployment()
  const { a, sql } = deployment
  const robot = await machine(await firstOperator(deployment))
  const link = (label: string) =>
    robot(a.origin).call(contract.createCode, {
      kind: 'link',
      label,
      destination: { type: 'url', url: 'https://www.example.org/' },
    })
  const codes = await atOnce(12, (n) => link(`sign ${n}`))
  const [popular] = codes as [contract.Code]
  // the load takes the first of them over the mark from which its counts by dimension are kept
  await addScans(sql, fromId(popular.id), 1_900, 200)

  let b = deployment.b
  let over = false
  let answered = 0
  const reader = async (n: number) => {
    for (let at = n; !over; at++) {
      const origin = n % 2 === 0 ? a.origin : b.origin
      const code = at % 3 === 0 ? popular : (codes[at % codes.length] as contract.Code)
      const headers = { 'user-agent': agents[at % agents.length] as string, 'x-forwarded-for': `198.51.100.${n}` }
      await fetch(`${origin}/c/${code.id}`, { redirect: 'manual', headers }).then(
        ({ status }) => {
          assert.equal(status, 302)
          answered++
        },
        () => pause(50),
      )
    }
  }
  const readers = atOnce(12, reader)
  const moments: string[] = []
  const look = async () => {
    const now = await scansNow(sql)
    for (const rolled of [...now.rolled, now.totals]) assert.equal(rolled, now.below, JSON.stringify(now))
    assert.equal(now.totals + now.tail, now.raw, JSON.stringify(now))
    moments.push(`${now.totals} + ${now.tail}`)
  }
  for (let round = 0; round < 5; round++) {
    const before = answered
    await eventually(
      async () => answered,
      (now) => now > before + 250,
      90_000,
    )
    await b.kill('SIGKILL')
    await look()
    b = await startProcess(deployment.env)
    await look()
  }
  over = true
  await readers
  // whoever flooded is counted in rows of its own when the minute is over: here it is made to be
  await sql(`update scan_flood set minute = minute - interval '1 min'`)
  const last = await eventually(
    () => scansNow(sql),
    (now) => now.tail === 0,
    40_000,
  )
  assert.deepEqual(await differingCells(sql), { cube: 0, byCode: 0, totals: 0 })
  assert.deepEqual(
    (await sql(`select code_id from scan_total where by_code`)).map(({ code_id }) => code_id),
    [fromId(popular.id)],
    'only the popular one has rows by dimension',
  )
  assert.ok(last.raw >= 1_900 + answered, `${answered} were answered, ${last.raw - 1_900} are counted`)
  const shown = (await robot(a.origin).call(contract.listCodes, {})).items
  assert.equal(
    shown.reduce((sum, { scans, previews }) => sum + scans + previews, 0),
    last.raw,
  )
  t.diagnostic(`${answered} answered, ${last.raw} scans; rolled + tail at each moment: ${moments.join(', ')}`)
})
