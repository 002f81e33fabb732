import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NewPassword } from './common.ts'
import { leastPassword, mostPassword, passwordLength } from './passwords.ts'

const codePoints = (text: string): number => [...text].length
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('🦊', 'é', 'e\u0301', 'ﷺ', 'ﬁ', 'a', '한'), minLength: 5, maxLength: 270 }),
)

test('a password is as long as it has code points, in whatever spelling it has fewest', () => {
  fc.assert(
    fc.property(text, (password) => {
      const length = passwordLength(password)
      assert.ok(length <= codePoints(password) && length <= codePoints(password.normalize('NFKC')))
      assert.ok([codePoints(password), codePoints(password.normalize('NFKC'))].includes(length))
      assert.equal(NewPassword.safeParse(password).success, length >= leastPassword && length <= mostPassword)
    }),
    { numRuns: 1_000 },
  )
})

test('what is too short or too long says by how much', () => {
  const issue = (password: string) => NewPassword.safeParse(password).error?.issues[0]
  assert.partialDeepStrictEqual(issue('🦊'.repeat(14)), { code: 'too_small', minimum: 15 })
  assert.partialDeepStrictEqual(issue('🦊'.repeat(257)), { code: 'too_big', maximum: 256 })
  assert.partialDeepStrictEqual(issue('x'.repeat(1_000_000)), { code: 'too_big', maximum: 256 })
  for (const length of [15, 256]) assert.equal(issue('🦊'.repeat(length)), undefined)
})
