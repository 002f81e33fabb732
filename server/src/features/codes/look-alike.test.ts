import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judge, skeleton } from './look-alike.ts'

const ours = ['https://postern.northfield.example']
const id = 'cod_01jdab3kq9x7v2m4n6p8r0s1t2'
const reasonsOf = (content: string, origins = ours) => {
  const judged = judge(content, origins)
  return judged.is === 'ours' ? ['ours'] : [judged.is, ...judged.reasons]
}

test('only an address of our own origin, written as we write them, is one of our codes', () => {
  assert.deepEqual(judge(`${ours[0]}/c/${id}#secret-part`, ours), { is: 'ours', id, secret: 'secret-part' })
  assert.deepEqual(judge(` ${ours[0]}/c/${id}\n`, ours), { is: 'ours', id, secret: undefined })
  // what opens it all the same: a query that others hang on, letters written as bytes
  assert.deepEqual(judge(`${ours[0]}/c/${id}?fbclid=x&y=%zz#secret-part`, ours), { is: 'ours', id, secret: 'secret-part' })
  assert.deepEqual(judge(`${ours[0]}/%63/${id.replace('c', '%63')}`, ours), { is: 'ours', id, secret: undefined })
  for (const path of ['/', '/c/', '/c/cod_x', `/c/${id}/`, `/c/${id}/more`, `/c%2F${id}`, `/c/${id}%zz`, '/sign-in', `/C/${id}`])
    assert.deepEqual(reasonsOf(`${ours[0]}${path}`), ['not-ours', 'no-code-of-ours'], path)
})

test('what looks like ours is told by what differs', () => {
  const cases: [string, string][] = [
    [`http://postern.northfield.example/c/${id}`, 'http-for-https'],
    [`https://postern.northfield.example:8443/c/${id}`, 'wrong-port'],
    [`https://pοstern.northfield.example/c/${id}`, 'look-alike-letters'], // a Greek omicron
    [`https://xn--pstern-i0e.northfield.example/c/${id}`, 'look-alike-letters'], // the same as browsers write it
    [`https://postem.northfield.example/c/${id}`, 'look-alike-letters'], // m for rn
    [`https://p0stern.northfie1d.example/c/${id}`, 'look-alike-letters'],
    [`https://postern.northfeild.example/c/${id}`, 'near-miss'],
    [`https://postern.northfields.example/c/${id}`, 'near-miss'],
    [`https://postern.northfield.test/c/${id}`, 'other-ending'],
    [`https://postern.northfield.example.evil.test/c/${id}`, 'our-name-in-theirs'],
    [`https://postern-northfield-example.evil.test/c/${id}`, 'our-name-in-theirs'],
    [`https://evil.test/postern.northfield.example/c/${id}`, 'our-name-in-path'],
    [`https://postern.northfield.example@evil.test/c/${id}`, 'user-name-before-host'],
    [`https://somebody@postern.northfield.example/c/${id}`, 'user-name-before-host'],
    [`https://postern.northfield.example%2Fc%2F${id}%zz@evil.test/`, 'user-name-before-host'],
    [`https://postern.northfield.example\\@evil.test/c/${id}`, 'user-name-before-host'],
    [`https://%ff:p%6Fstern.northfield.example%@evil.test/`, 'user-name-before-host'],
  ]
  for (const [content, reason] of cases) assert.deepEqual(reasonsOf(content), ['look-alike', reason], content)
  assert.deepEqual(reasonsOf(`https://postern.north\u200bfield.example/x`), ['not-ours', 'no-code-of-ours', 'hidden-characters'])
})

test('the characters that differ are marked, in the name as people see it', () => {
  const judged = judge(`https://pοstern.northfield.example/c/${id}`, ours)
  assert.ok(judged.is === 'look-alike' && judged.difference)
  assert.deepEqual(judged.difference, { theirs: 'pοstern.northfield.example', ours: 'postern.northfield.example', marks: [1] })
})

test('other things are just not ours, and a key for an authenticator app is named as one', () => {
  assert.deepEqual(reasonsOf('https://www.example.org/menu'), ['not-ours', 'foreign'])
  assert.deepEqual(reasonsOf('www.example.org/menu'), ['not-ours', 'foreign'])
  assert.deepEqual(reasonsOf('www.example.org/menu@noon?to=a@b#c@d'), ['not-ours', 'foreign'])
  assert.deepEqual(reasonsOf('postern.northfeild.example/c/x'), ['look-alike', 'near-miss'])
  assert.deepEqual(reasonsOf('WIFI:T:WPA;S:guest;P:x;;'), ['not-ours', 'no-address'])
  assert.deepEqual(reasonsOf('hello there'), ['not-ours', 'no-address'])
  assert.deepEqual(reasonsOf('otpauth://totp/x?secret=JBSWY3DPEHPK3PXP'), ['not-ours', 'holds-key'])
  assert.deepEqual(reasonsOf('javascript:alert(1)'), ['not-ours', 'no-address'])
})

test('a deployment on localhost has no look-alike names, and its port counts', () => {
  const local = ['http://localhost:8470']
  assert.deepEqual(reasonsOf(`http://localhost:8470/c/${id}`, local), ['ours'])
  assert.deepEqual(reasonsOf(`http://localhost:8471/c/${id}`, local), ['look-alike', 'wrong-port'])
  assert.deepEqual(reasonsOf(`http://localhosts:8470/c/${id}`, local), ['not-ours', 'foreign'])
})

test('whatever is given, one edit of our host is never ours, and nothing throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string({ unit: 'grapheme' })), (content) => void judge(content, ours)),
  )
  const odd = fc.stringMatching(/^([%@:/a-z0-9]|%[0-9a-f]{2}|postern\.northfield\.example){0,12}$/)
  const scheme = fc.constantFrom('https://', 'http://', '')
  fc.assert(
    fc.property(scheme, odd, odd, odd, (before, user, name, path) => {
      for (const content of [`${before}${user}@evil.example/${path}`, `${before}${user}:${name}@${path}`, `${ours[0]}/${path}`])
        assert.notEqual(judge(content, ours).is, 'ours', content)
    }),
  )
  const host = 'postern.northfield.example'
  fc.assert(
    fc.property(fc.nat({ max: host.length - 1 }), fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'), (at, letter) => {
      fc.pre(host[at] !== '.' && host[at] !== letter)
      const changed = `${host.slice(0, at)}${letter}${host.slice(at + 1)}`
      const judged = judge(`https://${changed}/c/${id}`, ours)
      assert.ok(judged.is === 'look-alike' || !URL.canParse(`https://${changed}/`), changed)
    }),
  )
  fc.assert(fc.property(fc.domain(), (name) => skeleton(name) === skeleton(skeleton(name)) || name.length > 0))
})
