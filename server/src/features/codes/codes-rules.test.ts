import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeStates } from '@postern/contract'
import fc from 'fast-check'
import { type CodeFacts, refusalFor, stateOf } from './codes-rules.ts'

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
