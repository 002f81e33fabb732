import type { IncomingHttpHeaders } from 'node:http'
import { isbot } from 'isbot'
import { remember } from './remember.ts'

type Program = [name: string, says: RegExp, source: string]
/**
 * Programs that open addresses before, or instead of, a person, by what they say of themselves; the first that fits. What is
 * not here `isbot` knows, without a name. A scanner that calls itself a browser, as some of mail do, is counted as a person:
 * nobody can tell.
 */
const programs: Program[] = [
  // messengers, for the card under a link. Apple's says that it is three others.
  ['iMessage', /facebookexternalhit\/1\.1 Facebot Twitterbot/, 'seen in logs; Apple documents none'],
  ['WhatsApp', /^WhatsApp\//, 'developers.facebook.com/docs/sharing/webmasters/web-crawlers; Signal says the same'],
  ['Telegram', /TelegramBot/, 'core.telegram.org/bots/webapps; its app says Telegram-Android/, and is a person'],
  ['Slack', /Slackbot|Slack-ImgProxy/, 'api.slack.com/robots'],
  ['Teams or Skype', /SkypeUriPreview|MicrosoftPreview/, 'learn.microsoft.com, link previews in Teams'],
  ['Discord', /Discordbot/, 'discord.com/developers, link embeds'],
  ['Viber', /^Viber\//, 'seen in logs'],
  ['LINE', /Line\/1\.0|facebookexternalhit\/1\.1;line-poker/, 'developers.line.biz'],
  ['KakaoTalk', /kakaotalk-scrap/i, 'developers.kakao.com'],
  ['Mattermost', /Mattermost-Bot/, 'github.com/mattermost/mattermost'],
  ['Matrix', /^Synapse\b/, 'github.com/element-hq/synapse, url_preview'],
  ['Rocket.Chat', /^Rocket\.Chat/, 'github.com/RocketChat'],
  ['Zulip', /ZulipURLPreview|Zulip URL Preview/, 'github.com/zulip/zulip'],
  ['Nextcloud', /Nextcloud Server Crawler/, 'github.com/nextcloud/server'],
  ['Mastodon', /\bMastodon\//, 'github.com/mastodon/mastodon'],
  // mail: scanners of links, and programs that look ahead
  ['Outlook or Office', /ms-office|^Microsoft Office\/|Microsoft-CryptoAPI/, 'learn.microsoft.com, Office link checks'],
  [
    'Safe Links',
    /safe ?links/i,
    'learn.microsoft.com/defender-office-365/safe-links-about; most of its calls look like a browser’s',
  ],
  ['Barracuda', /Barracuda/i, 'campus.barracuda.com'],
  ['Mimecast', /Mimecast/i, 'community.mimecast.com'],
  ['Proofpoint', /Proofpoint/i, 'proofpoint.com, URL Defense'],
  ['Google image proxy', /GoogleImageProxy/, 'support.google.com/mail'],
  ['Yahoo Mail', /YahooMailProxy/, 'help.yahoo.com, SLN28749'],
  // networks and unfurlers
  ['Facebook', /facebookexternalhit|Facebot|meta-external/i, 'developers.facebook.com/docs/sharing/webmasters/web-crawlers'],
  ['LinkedIn', /LinkedInBot/, 'linkedin.com/robots.txt; its app says [LinkedInApp], and is a person'],
  ['X', /Twitterbot/, 'developer.x.com, cards'],
  ['Pinterest', /Pinterest(?:bot)?\/\d/, 'help.pinterest.com'],
  ['Reddit', /redditbot/i, 'reddit.com/robots.txt'],
  ['Embedly', /Embedly/i, 'docs.embed.ly'],
  ['Iframely', /Iframely/i, 'iframely.com/docs/about'],
  // search, and programs that watch sites
  [
    'Google',
    /Googlebot|GoogleOther|Google-(?:InspectionTool|Read-Aloud|Safety|Extended)|AdsBot-Google|APIs-Google/,
    'developers.google.com/search/docs/crawling-indexing',
  ],
  ['Bing', /bingbot|BingPreview/i, 'bing.com/webmasters, bingbot'],
  ['Apple', /Applebot/, 'support.apple.com/119829'],
  ['Yandex', /Yandex(?:Bot|Images|Mobile)/, 'yandex.com/support/webmaster'],
  ['DuckDuckGo', /DuckDuck(?:Bot|Go-Favicons)/, 'duckduckgo.com/duckduckbot'],
  ['Baidu', /Baiduspider/i, 'help.baidu.com'],
  ['OpenAI', /GPTBot|ChatGPT-User|OAI-SearchBot/, 'platform.openai.com/docs/bots'],
  ['UptimeRobot', /UptimeRobot/, 'uptimerobot.com/help'],
  ['Lighthouse', /Chrome-Lighthouse|HeadlessChrome.*Lighthouse/i, 'developer.chrome.com/docs/lighthouse'],
  // CUBOT makes phones
  ['Another robot', /(?<!cu)bot\b|crawler|spider|\bslurp\b/i, 'what robots call themselves (RFC 9309)'],
]
/** The name of a program that opens addresses by itself; undefined: none that we know by name. */
export const programOf = (agent: string): string | undefined => programs.find(([, says]) => says.test(agent))?.[0]

const isProgram = remember(2_000, (agent) => programOf(agent) !== undefined || isbot(agent))
/**
 * Whether no person waits for the answer of a request: a HEAD, a prefetch (`Sec-Purpose`, Fetch §3.5; `Purpose`, `X-Purpose`,
 * `X-Moz` of older browsers), a program, or somebody who does not say what they are, as every browser does.
 */
export const isPreview = (method: string, headers: IncomingHttpHeaders): boolean => {
  if (method === 'HEAD') return true
  for (const name of ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'])
    if (/\b(?:prefetch|preview)\b/i.test(String(headers[name] ?? ''))) return true
  const agent = headers['user-agent']?.slice(0, 512)
  return !agent || isProgram(agent)
}
