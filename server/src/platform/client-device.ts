import Bowser from 'bowser'
import type { ClientDevice } from './actor.ts'
import { remember } from './remember.ts'

const preview =
  /bot|crawl|spider|preview|slurp|facebookexternalhit|whatsapp|telegram|slack|discord|skype|linkedin|embedly|safelinks|proofpoint|mimecast|barracuda|headlesschrome.*lighthouse/i

/** Device type, platform and browser of a user agent, by `bowser`. */
export const clientDevice = (userAgent: string | undefined): ClientDevice =>
  userAgent ? readOnce(userAgent.slice(0, 512)) : { type: 'unknown', platform: 'unknown', browser: 'unknown' }

const read = (agent: string): ClientDevice => {
  if (/^postern-cli/.test(agent)) return { type: 'command line', platform: 'unknown', browser: 'postern' }
  const parsed = Bowser.parse(agent)
  const version = parsed.browser.version?.split('.')[0]
  const platform = parsed.os.name ?? 'unknown'
  const browser = parsed.browser.name ? `${parsed.browser.name}${version ? ` ${version}` : ''}` : 'unknown'
  if (preview.test(agent)) return { type: 'bot', platform, browser }
  const type = parsed.platform.type
  return { type: type === 'mobile' || type === 'tablet' || type === 'desktop' ? type : 'unknown', platform, browser }
}
const readOnce = remember(2_000, read)
