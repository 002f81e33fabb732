import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextStep, type SignInFacts, safeReturnTo } from './sign-in-rules.ts'

const origin = 'https://postern.example.org'

test('a path of our own is kept, with its query and fragment', () => {
  for (const path of ['/', '/users', '/users?q=ada&state=active', '/codes/cod_1#scans', '/a/b/c?x=%2F%2Fevil', '/ü'])
    assert.equal(safeReturnTo(path, origin), new URL(path, origin).href.slice(origin.length))
})

test('every form that leads elsewhere is dropped (threat 34)', () => {
  for (const path of [
    '',
    'users',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
    'https:evil.example',
    'https://evil.example',
    'https://postern.example.org@evil.example',
    'https://postern.example.org/users',
    'javascript:alert(1)',
    'data:text/html,x',
    '/%2fevil.example',
    '/%2F%2Fevil.example',
    '/%5cevil.example',
    '/%5C%5Cevil.example',
    '/a/..//evil.example',
    '/./\t/evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\nLocation: https://evil.example',
    '/%0d%0aLocation:%20x',
    '/%09/evil.example',
    '/%00/x',
    ' //evil.example',
    ' /users',
    '/@evil.example\u0000',
  ])
    assert.equal(safeReturnTo(path, origin), null, JSON.stringify(path))
  assert.equal(safeReturnTo(undefined, origin), null)
})

test('whatever is sent, what is kept is of our origin for every way to resolve it', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    ':',
    '@',
    'evil.example',
    '%2f',
    '%5c',
    '?',
    '#',
    '\t',
    ' ',
    'https:',
    'a',
    '\u2028',
    '／',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 8 }).map((each) => each.join('')),
        fc.string({ maxLength: 40 }),
      ),
      (sent) => {
        const kept = safeReturnTo(sent, origin)
        if (kept === null) return
        for (const base of [origin, `${origin}/sign-in`, `${origin}/a/b?c#d`]) assert.equal(new URL(kept, base).origin, origin)
        assert.ok(kept.startsWith('/') && !kept.startsWith('//') && !kept.startsWith('/\\'))
        // once decoded by somebody on the way it still stays
        let decoded = kept
        try {
          decoded = decodeURI(kept)
        } catch {}
        assert.equal(new URL(decoded, origin).origin, origin)
      },
    ),
    { numRuns: 2_000 },
  )
})

const facts = fc.record<SignInFacts>({
  purpose: fc.constantFrom('sign-in', 'step-up'),
  wantedAcr: fc.constantFrom(null, 'aal1', 'aal2', 'phr', 'phrh'),
  proved: fc.constantFrom<readonly string[]>([], ['password']),
  hasTotp: fc.boolean(),
  devices: fc.integer({ min: 0, max: 3 }),
  lostFactor: fc.boolean(),
  recoveryCodesLeft: fc.integer({ min: 0, max: 10 }),
  secondFactorDemanded: fc.boolean(),
  enrolment: fc.boolean(),
  qr: fc.constantFrom('off', 'second-factor', 'passwordless'),
  computerFirst: fc.boolean(),
})

test('before the first proof the next step says nothing about who asks', () => {
  fc.assert(
    fc.property(facts, (given) => {
      const next = given.qr === 'passwordless' ? ['passkey', 'qr', 'password'] : ['passkey', 'password']
      assert.deepEqual(nextStep({ ...given, purpose: 'sign-in', wantedAcr: null, proved: [] }), { state: 'pending', next })
    }),
  )
})

test('nobody completes with one factor where a second is there or demanded; a recovery code stands in for one, also for one that is gone', () => {
  fc.assert(
    fc.property(facts, (given) => {
      const step = nextStep(given)
      const second = given.hasTotp || given.devices > 0
      if (step.state === 'complete') {
        assert.ok(given.proved.includes('password') && !second && !given.secondFactorDemanded)
        assert.ok(given.purpose === 'sign-in' || given.wantedAcr !== 'aal2')
      }
      if (step.next.includes('recovery-code')) assert.ok(given.recoveryCodesLeft > 0 && (given.purpose === 'sign-in' || !second))
      if (step.next.includes('enrol-totp'))
        assert.ok(given.enrolment && given.secondFactorDemanded && !second && given.recoveryCodesLeft === 0 && !given.lostFactor)
      if (given.purpose === 'step-up' && given.wantedAcr?.startsWith('phr')) assert.deepEqual(step.next, ['passkey'])
      if (step.next.includes('qr')) {
        assert.notEqual(given.qr, 'off')
        // our code alone, or after the password; a known person who proves the password first does so
        const alone = !given.proved.includes('password')
        assert.ok(!alone || (given.qr === 'passwordless' && !(given.purpose === 'step-up' && given.computerFirst)))
      }
    }),
  )
})
