import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientDevice } from './client-device.ts'
import { isPreview } from './previews.ts'

const apple = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const programs: [agent: string, name?: string][] = [
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
    'iMessage',
  ],
  ['WhatsApp/2.23.20.0', 'WhatsApp'],
  ['WhatsApp/2.2353.59 N', 'WhatsApp'],
  ['TelegramBot (like TwitterBot)', 'Telegram'],
  ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'Slack'],
  ['Slackbot 1.0 (+https://api.slack.com/robots)', 'Slack'],
  ['Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com', 'Teams or Skype'],
  ['Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)', 'Discord'],
  ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'Facebook'],
  ['LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)', 'LinkedIn'],
  ['Twitterbot/1.0', 'X'],
  ['Synapse (bot; +https://github.com/matrix-org/synapse)', 'Matrix'],
  ['http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.social/) Bot', 'Mastodon'],
  ['Mozilla/4.0 (compatible; ms-office; MSOffice 16)', 'Outlook or Office'],
  ['Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)', 'Outlook or Office'],
  ['BarracudaSentinel (EE)', 'Barracuda'],
  ['Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)', 'Google image proxy'],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Google'],
  [
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.109 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Google',
  ],
  ['Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)', 'Bing'],
  ['Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)', 'Yandex'],
  ['Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)', 'OpenAI'],
  ['Mozilla/5.0 (compatible; SomethingNewBot/0.1)', 'Another robot'],
  ['curl/8.4.0'],
  ['python-requests/2.31.0'],
  ['okhttp/4.12.0'],
  ['Go-http-client/2.0'],
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36'],
]
const people = [
  `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${apple} Version/18.0 Mobile/15E148 Safari/604.1`,
  'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
  'Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36',
  // browsers inside the apps of those whose robots stand above, and a phone called CUBOT
  'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.6099.230 Mobile Safari/537.36 Telegram-Android/10.14.5 (Samsung SM-S918B; Android 14; SDK 34; HIGH)',
  `Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) ${apple} Mobile/15E148 [LinkedInApp]/9.29`,
  `Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) ${apple} Mobile/15E148 [FBAN/FBIOS;FBAV/440.0.0.0;FBDV/iPhone14,5;FBMD/iPhone]`,
  `Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) ${apple} Mobile/15E148 Instagram 312.0.0.0 (iPhone14,5; iOS 17_0)`,
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.35.126 Chrome/116.0.0.0 Electron/26.1.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/103.0.5060.134 Safari/537.36 Edg/103.0.1264.71 Teams/1.5.00.32283',
  'Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.0.0 Mobile Safari/537.36 GSA/15.2.36.28',
  'Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Mobile Safari/537.36',
]

test('programs that open links by themselves are told from people, by name where they have one', () => {
  for (const [agent, name] of programs) {
    assert.equal(isPreview('GET', { 'user-agent': agent }), true, agent)
    const { type, browser } = clientDevice(agent)
    if (name) assert.deepEqual([type, browser], ['bot', name], agent)
    else assert.notEqual(type, 'bot', agent)
  }
})
test('people are people, in the browsers of apps too', () => {
  for (const agent of people) {
    assert.equal(isPreview('GET', { 'user-agent': agent }), false, agent)
    assert.notEqual(clientDevice(agent).type, 'bot', agent)
  }
})
test('a HEAD, a prefetch and who does not say what they are wait for no answer', () => {
  const [agent] = people
  const headers = { 'user-agent': agent }
  assert.equal(isPreview('HEAD', headers), true)
  for (const more of [
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { purpose: 'prefetch' },
    { 'x-purpose': 'preview' },
    { 'x-moz': 'prefetch' },
  ])
    assert.equal(isPreview('GET', { ...headers, ...more }), true, JSON.stringify(more))
  assert.equal(isPreview('GET', { ...headers, purpose: 'to see it' }), false)
  assert.equal(isPreview('GET', {}), true)
})
