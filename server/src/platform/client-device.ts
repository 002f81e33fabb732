import Bowser from 'bowser'
import type { ClientDevice } from './actor.ts'
import { programOf } from './previews.ts'
import { remember } from './remember.ts'

/** Device type, platform and browser of a user agent, by `bowser`. */
export const clientDevice = (userAgent: string | undefined): ClientDevice =>
  userAgent ? readOnce(userAgent.slice(0, 512)) : { type: 'unknown', platform: 'unknown', browser: 'unknown' }

const read = (agent: string): ClientDevice => {
  if (/^postern-cli/.test(agent)) return { type: 'command line', platform: 'unknown', browser: 'postern' }
  const parsed = Bowser.parse(agent)
  const version = parsed.browser.version?.split('.')[0]
  const platform = parsed.os.name ?? 'unknown'
  const browser = parsed.browser.name ? `${parsed.browser.name}${version ? ` ${version}` : ''}` : 'unknown'
  const program = programOf(agent)
  if (program) return { type: 'bot', platform, browser: program }
  const type = parsed.platform.type
  return { type: type === 'mobile' || type === 'tablet' || type === 'desktop' ? type : 'unknown', platform, browser }
}
const readOnce = remember(2_000, read)
