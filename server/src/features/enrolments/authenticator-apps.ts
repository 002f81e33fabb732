import type { AuthenticatorApp } from '@postern/contract'
import { leadsTo } from '../codes/index.ts'
import { symbolSvg } from '../symbols/index.ts'

type Places = { ios?: string; android?: string; computers?: string }
const appStore = (id: string): string => `https://apps.apple.com/app/id${id}`
const play = (id: string): string => `https://play.google.com/store/apps/details?id=${id}`
/** Where the makers of the apps that the set-up names offer them. Looked up on 2026-11-29. */
const places = new Map<string, Places>([
  ['google', { ios: appStore('388497605'), android: play('com.google.android.apps.authenticator2') }],
  ['microsoft', { ios: appStore('983156458'), android: play('com.azure.authenticator') }],
  [
    '1password',
    {
      ios: appStore('1511601750'),
      android: play('com.onepassword.android'),
      computers: 'https://1password.com/downloads',
    },
  ],
  ['keepassxc', { computers: 'https://keepassxc.org/download/' }],
])
const pageOf = (origin: string, id: string): string => `${origin}/apps/${id}`

export const authenticatorApps = (origin: string): AuthenticatorApp[] =>
  [...places].map(([id, { ios = null, android = null, computers = null }]) => {
    const url = pageOf(origin, id)
    return { id, url, symbolSvg: symbolSvg(url), ios, android, computers }
  })

/**
 * The store that a phone is sent to, as a link code for apps sends it; undefined: our page names every place. That is what
 * computers get, and iPads, most of which call themselves Macs.
 */
export const storeFor = (origin: string, id: string, platform: string): string | undefined => {
  const app = places.get(id)
  if (!app) return undefined
  const here = pageOf(origin, id)
  const to = leadsTo({ type: 'platform', ios: app.ios, android: app.android, otherwise: here }, platform)
  return to === here ? undefined : to
}
