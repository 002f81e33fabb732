import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clientAddress, trustedProxies } from './address.ts'

const proxies = trustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])
const nobody = trustedProxies([])
const by = (peer: string, headers: Record<string, string | string[]>, trusted = proxies) => clientAddress(peer, headers, trusted)

test('headers of anybody but a configured proxy are ignored (threat 32)', () => {
  for (const headers of [{ 'x-forwarded-for': '203.0.113.9' }, { forwarded: 'for=203.0.113.9' }]) {
    assert.equal(by('198.51.100.7', headers), '198.51.100.7')
    assert.equal(by('127.0.0.1', headers, nobody), '127.0.0.1')
    assert.equal(by('::1', headers), '::1')
  }
  assert.equal(clientAddress(undefined, { 'x-forwarded-for': '203.0.113.9' }, proxies), null)
})

test('of a proxy the nearest address that is no proxy counts, not what the caller wrote before it', () => {
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }), '203.0.113.9')
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' }), '203.0.113.9')
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.1.2.3' }), '203.0.113.9')
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': ['1.1.1.1', '203.0.113.9'] }), '203.0.113.9')
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': '10.9.9.9, 10.1.2.3' }), '10.9.9.9')
  assert.equal(by('10.0.0.1', {}), '10.0.0.1')
})

test('Forwarded (RFC 7239) is read with quotes, brackets, ports and several elements', () => {
  const table: [string, string][] = [
    ['for=203.0.113.9', '203.0.113.9'],
    ['For="203.0.113.9:4711"', '203.0.113.9'],
    ['for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="[2001:db8:cafe::17]"', '2001:db8:cafe::17'],
    ['proto=https;for=203.0.113.9;by=10.0.0.1', '203.0.113.9'],
    ['for=1.1.1.1, for=203.0.113.9', '203.0.113.9'],
    ['for=1.1.1.1, for=203.0.113.9;proto=https, for=10.1.1.1', '203.0.113.9'],
  ]
  for (const [forwarded, address] of table) assert.equal(by('10.0.0.1', { forwarded }), address, forwarded)
})

test('where both are there X-Forwarded-For counts, for a proxy that sets it may pass on what the client said in Forwarded', () => {
  assert.equal(by('10.0.0.1', { forwarded: 'for=1.1.1.1', 'x-forwarded-for': '1.1.1.1, 203.0.113.9' }), '203.0.113.9')
})

test('an element that hides or garbles its address stops the walk at the proxy that sent it', () => {
  for (const forwarded of ['for=_hidden', 'for=unknown', 'for="evil', 'proto=https', 'for=1.1.1.1, for=_hidden', 'for=300.1.1.1'])
    assert.equal(by('10.0.0.1', { forwarded }), '10.0.0.1', forwarded)
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': '1.1.1.1, not-an-address' }), '10.0.0.1')
  assert.equal(by('10.0.0.1', { 'x-forwarded-for': '1.1.1.1, ' }), '10.0.0.1')
})

test('one address has one spelling: mapped IPv4 is IPv4, so counts and proxies cannot be split', () => {
  assert.equal(by('::ffff:198.51.100.7', {}), '198.51.100.7')
  assert.equal(by('::ffff:127.0.0.1', { 'x-forwarded-for': '::ffff:203.0.113.9' }), '203.0.113.9')
  assert.equal(by('::ffff:10.0.0.1', { 'x-forwarded-for': '2001:DB8::0:1' }), '2001:db8::1')
})

test('a forged head of the list never moves the answer', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (forged) => {
      assert.equal(by('10.0.0.1', { 'x-forwarded-for': `${forged}, 203.0.113.9` }), '203.0.113.9')
    }),
  )
})
