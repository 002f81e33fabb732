import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import { fromId } from '../server/src/platform/ids.ts'
import { Browser } from './support/browser.ts'
import { crowd } from './support/crowd.ts'
import { eventually, machine, pause, startDeployment } from './support/deployment.ts'
import { firstOperator, goodPassword } from './support/people.ts'
import { startProcess } from './support/server.ts'

const each = <T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)))
const tally = (outcomes: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
const codeOf = (tried: { status: number; problem: { code: string } }): string =>
  tried.status < 300 ? 'won' : (tried.problem?.code ?? String(tried.status))
/** A call as a strict client makes it: over a connection that it keeps, and never again by itself. */
const ask = (
  agent: Agent,
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ outcome: string; status: number; body: string }> =>
  new Promise((resolve) => {
    const call = request(url, { agent, method, headers }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => (text += chunk))
      answer.on('close', () =>
        resolve({ outcome: answer.complete ? 'answered' : 'cut off', status: answer.statusCode as number, body: text }),
      )
    })
    call.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ outcome: error.code === 'ECONNREFUSED' ? 'refused' : `dropped (${error.code})`, status: 0, body: '' }),
    )
    call.end(body)
  })

test('a server that is asked to stop answers all that it was asked, and the other goes on', async (t) => {
  const deployment = await startDeployment()
  const { b, sql } = deployment
  const olga = await firstOperator(deployment)
  const robot = await machine(olga)
  const headers = { authorization: `Bearer ${robot(b.origin).bearer}`, 'content-type': 'application/json' }
  const members = await crowd(deployment, 8, 'slow')
  let a = deployment.a
  for (let round = 0; round < 3; round++) {
    const agent = new Agent({ keepAlive: true })
    const outcomes: Record<'a' | 'b', string[]> = { a: [], b: [] }
    const created: string[] = []
    let stopping = false
    const client = async (which: 'a' | 'b', n: number) => {
      const origin = which === 'a' ? a.origin : b.origin
      for (let made = 0; ; made++) {
        const write = made % 2 === 0
        const answer = await ask(
          agent,
          `${origin}${write ? '/api/users' : '/api/roles'}`,
          write ? 'POST' : 'GET',
          headers,
          write ? JSON.stringify({ username: `r${round}${which}${n}-${made}` }) : undefined,
        )
        outcomes[which].push(answer.outcome)
        if (answer.outcome === 'answered') assert.equal(answer.status, write ? 201 : 200, answer.body)
        if (write && answer.outcome === 'answered') created.push(fromId((JSON.parse(answer.body) as { id: string }).id))
        if (which === 'a' ? answer.outcome !== 'answered' : stopping && a.child.exitCode !== null) return
      }
    }
    const clients = Promise.all([each(6, (n) => client('a', n)), each(2, (n) => client('b', n))])
    await eventually(
      async () => outcomes.a.length,
      (n) => n > 40,
    )
    // passwords take their time: they are under way when the signal comes
    const slow = members.map(async (member) => {
      const browser = new Browser(a.origin)
      await browser.call(contract.openSignIn, { username: member.username })
      return browser
    })
    const browsers = await Promise.all(slow)
    const proofs = browsers.map(async (browser) => codeOf(await browser.try(contract.provePassword, { password: goodPassword })))
    await pause(5)
    stopping = true
    const began = performance.now()
    const stopped = a.kill('SIGTERM')
    assert.deepEqual(tally(await Promise.all(proofs)), { won: 8 })
    await stopped
    const took = performance.now() - began
    await clients
    assert.equal(a.child.exitCode, 0, a.output())
    t.diagnostic(
      `a: ${JSON.stringify(tally(outcomes.a))}, b: ${JSON.stringify(tally(outcomes.b))}, stopped in ${took.toFixed(0)} ms`,
    )
    assert.deepEqual(Object.keys(tally(outcomes.a)).sort(), ['answered', 'refused'])
    assert.deepEqual(Object.keys(tally(outcomes.b)), ['answered'])
    const there = (await sql(`select id from users where id = any ($1)`, [created])) as unknown as { id: string }[]
    assert.equal(there.length, created.length)
    agent.destroy()
    a = await startProcess(deployment.env)
  }
})
