import {
  IconAdjustments,
  IconDeviceDesktop,
  IconDeviceMobile,
  IconFingerprint,
  IconKey,
  IconList,
  IconLock,
  IconPalette,
  IconQrcode,
  IconUsers,
} from '../../ui/icons.ts'

/** The pages of the console that exist, in their groups; `key` is the letter after `g`. */
export const groups = [
  { group: undefined, pages: [{ to: '/events', name: 'events', icon: IconList, key: 'e' }] },
  {
    group: 'people',
    pages: [
      { to: '/users', name: 'users', icon: IconUsers, key: 'u' },
      { to: '/devices', name: 'devices', icon: IconDeviceMobile, key: 'd' },
      { to: '/codes', name: 'codes', icon: IconQrcode, key: 'c' },
      { to: '/brands', name: 'brands', icon: IconPalette, key: 'b' },
      { to: '/sessions', name: 'sessions', icon: IconDeviceDesktop, key: 's' },
    ],
  },
  {
    group: 'rules',
    pages: [
      { to: '/settings/authentication', name: 'authentication', icon: IconLock, key: 'a' },
      { to: '/settings/devices', name: 'deviceSettings', icon: IconFingerprint, key: 'p' },
      { to: '/settings/codes', name: 'codeSettings', icon: IconAdjustments, key: 'k' },
      { to: '/settings/tokens', name: 'tokens', icon: IconKey, key: 't' },
    ],
  },
] as const
export const pages = groups.flatMap(({ pages }) => [...pages])
