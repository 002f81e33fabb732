import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNotStatic } from './destinations.ts'

const ours = ['https://postern.northfield.example', 'https://vpn.northfield.example:8443', 'http://192.0.2.7:8470', 'http://door']
const policy = { staticText: true, staticHosts: ['www.example.org', '*.menu.example'] }
const judged = (text: string): string => {
  const why = whyNotStatic({ type: 'text', text }, policy, ours)
  return why ? [why.code, ...Object.values(why.values ?? {})].join(' ') : 'text'
}

test('what a reader would open is no plain text, however it is written', () => {
  const cases: [string, string][] = [
    ['evil.example/login', 'text-holds-address evil.example'],
    ['Log in at evil.example/login', 'text-holds-address evil.example'],
    ['(evil.example/)', 'text-holds-address evil.example'],
    ['evil.example?next=x', 'text-holds-address evil.example'],
    ['Wi-Fi: evil.example:8080', 'text-holds-address evil.example'],
    ['evil.example', 'text-holds-address evil.example'],
    ['evil.example.', 'text-holds-address evil.example'],
    ['www.evil.example', 'text-holds-address www.evil.example'],
    ['See WWW.Evil.Example, please', 'text-holds-address www.evil.example'],
    ['żółw.example/wejście', 'text-holds-address xn--w-uga1v8h.example'],
    ['evil.xn--p1ai/x', 'text-holds-address evil.xn--p1ai'],
    ['bank.example@evil.example/login', 'text-holds-address evil.example'],
    ['Menu: https://evil.example/', 'text-holds-address evil.example'],
    ['Menu: https://www.example.org@evil.example/', 'text-holds-address evil.example'],
    ['https://evil.example/', 'not-plain-text https'],
    ['com.example.bank.transfers://pay', 'not-plain-text com.example.bank.transfers'],
    ['Pay here: com.example.bank.transfers://pay', 'not-plain-text com.example.bank.transfers'],
    ['BCD\n002\n1\nSCT\n\nNorthfield\nDE71110220330123456789\nEUR12.50', 'payment'],
    ['BCD\r\n001\r\n1\r\nSCT', 'payment'],
    ['SPC\r\n0200\r\n1\r\nCH4431999123000889012', 'payment'],
    ['UPNQR\n\n\n', 'payment'],
    ['00020101021126580014', 'payment'],
    ['SPD*1.0*ACC:CZ5855000000001265098001*AM:480.50*CC:CZK', 'payment'],
    ['5250001009|PL|12124012340001234567890123|001250|Northfield|Invoice 7|||', 'payment'],
    ['|PL|12124012340001234567890123|001250|Northfield|Invoice 7|||', 'payment'],
    ['postern.northfield.example', 'own-address'],
    ['Ask postern.northfield.example about it', 'own-address'],
    ['Go to http://POSTERN.northfield.example./sign-in', 'own-address'],
    ['vpn.northfield.example/c/x', 'own-address'],
    ['192.0.2.7/sign-in', 'own-address'],
    ['at door/sign-in', 'own-address'],
  ]
  for (const [text, why] of cases) assert.equal(judged(text), why, text)
})

test('a sentence, a version, a file, a mail address and what policy marks low-risk are text', () => {
  for (const text of [
    'Ring twice. Then wait.',
    'Ring twice.Then wait',
    'Drukarka w pok. 214, ul.Długa 5',
    'v1.2',
    'v1.2/beta',
    'Version 2.0.1: see page 4.',
    'plan.pdf',
    'docs/readme.txt',
    'Evacuation-plan.v3.pdf',
    'Is it plan.pdf? No.',
    'help@example.org',
    'Write to help@example.org, or ring 112.',
    'Booking.com is not ours',
    'e.g. and/or, Tel./Fax, s.o./i.e',
    '10.0.0.1/24',
    '13.06.2027/14.06.2027',
    'Ratio 1:2, at 12:30',
    'The door to the left: ask',
    'Use http:// never',
    'BCD is a code',
    'SPC',
    '000201 is our room',
    'Warsaw |PL| 12',
    'www.example.org/menu',
    'Menu at https://lunch.menu.example/today and www.example.org',
  ])
    assert.equal(judged(text), 'text', text)
})

test('no static address leads to Postern, by any of its names, scheme and port', () => {
  for (const url of [
    'https://vpn.northfield.example:8443/',
    'http://postern.northfield.example/c/x',
    'https://postern.northfield.example./',
  ])
    assert.equal(
      whyNotStatic({ type: 'url', url }, { ...policy, staticHosts: ['*.northfield.example'] }, ours)?.code,
      'own-address',
      url,
    )
  assert.equal(whyNotStatic({ type: 'url', url: 'https://www.example.org/' }, policy, ours), undefined)
})
