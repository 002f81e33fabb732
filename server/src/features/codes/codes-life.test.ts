import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeKinds, codeStates } from '@postern/contract'
import fc from 'fast-check'
import { type CodeAct, type CodeFacts, kinds, refusalFor, stateOf, takes, transitions } from './codes-life.ts'

const facts = fc.record<CodeFacts>({
  revokedAt: fc.option(fc.date()),
  claimedAt: fc.option(fc.date()),
  expired: fc.boolean(),
  notYet: fc.boolean(),
  usedUp: fc.boolean(),
})

test('the state shown is the first that fits of revoked, used, expired, not yet, used up, live', () => {
  fc.assert(
    fc.property(facts, (code) => {
      const fitting = [
        code.revokedAt && 'revoked',
        code.claimedAt && 'used',
        code.expired && 'expired',
        code.notYet && 'not-yet-valid',
        code.usedUp && 'used-up',
        'live',
      ].filter(Boolean)
      assert.equal(stateOf(code), fitting[0])
      assert.ok(codeStates.includes(stateOf(code)))
    }),
  )
})

test('who holds the secret is told by name what is wrong, and nobody is told that a code is live', () => {
  assert.equal(refusalFor(undefined), 'code-unknown')
  const named = { revoked: 'code-revoked', used: 'code-used', expired: 'code-expired', 'not-yet-valid': 'code-not-yet-valid' }
  fc.assert(
    fc.property(facts, (code) => {
      const state = stateOf(code)
      assert.equal(refusalFor(code), state in named ? named[state as keyof typeof named] : 'code-used')
    }),
  )
})

test('nothing leads out of revoked but a new code in its place, and only what lives can be claimed or opened', () => {
  for (const kind of codeKinds)
    for (const state of codeStates)
      for (const act of ['claim', 'open', 'edit', 'reissue', 'revoke'] as CodeAct[]) {
        const may = takes(kind, state, act)
        if (act === 'claim') assert.equal(may, kinds[kind].authenticates && state === 'live')
        if (act === 'open') assert.equal(may, kind === 'link' && state === 'live')
        if (act === 'edit' && (state === 'revoked' || state === 'used')) assert.equal(may, false)
        if (act === 'revoke') assert.equal(may, true)
      }
  for (const { act, to } of transitions) if (to === 'revoked') assert.ok(act === 'revoke' || act === 'reissue')
})

test('a code that authenticates has no limit of scans, no destination and no end that an edit could take away for good', () => {
  for (const kind of codeKinds) {
    const { authenticates, edits, reissue, symbol } = kinds[kind]
    if (!authenticates) continue
    assert.ok(!edits.includes('destination') && !edits.includes('scanLimit'))
    // what a waiting screen draws is over in two minutes: nothing of it is changed, and nothing takes its place
    const moving = symbol === 'moving'
    assert.equal(reissue, moving ? 'never' : 'new secret')
    assert.equal(symbol, moving ? 'moving' : 'address with secret')
    if (moving) assert.deepEqual(edits, [])
    assert.equal(takes(kind, 'expired', 'edit'), false)
  }
})
