import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import enAccount from './en/account.json'
import enBrands from './en/brands.json'
import enBulk from './en/bulk.json'
import enCheck from './en/check.json'
import enCodes from './en/codes.json'
import enCommon from './en/common.json'
import enDevices from './en/devices.json'
import enEnrol from './en/enrol.json'
import enEvents from './en/events.json'
import enHistorical from './en/historical.json'
import enScans from './en/scans.json'
import enSessions from './en/sessions.json'
import enSettings from './en/settings.json'
import enSignIn from './en/sign-in.json'
import enUsers from './en/users.json'
import plAccount from './pl/account.json'
import plBrands from './pl/brands.json'
import plBulk from './pl/bulk.json'
import plCheck from './pl/check.json'
import plCodes from './pl/codes.json'
import plCommon from './pl/common.json'
import plDevices from './pl/devices.json'
import plEnrol from './pl/enrol.json'
import plEvents from './pl/events.json'
import plHistorical from './pl/historical.json'
import plScans from './pl/scans.json'
import plSessions from './pl/sessions.json'
import plSettings from './pl/settings.json'
import plSignIn from './pl/sign-in.json'
import plUsers from './pl/users.json'

/** One file a feature and language. English is the shape: a key that is missing there does not compile. */
const en = {
  common: enCommon,
  'sign-in': enSignIn,
  devices: enDevices,
  enrol: enEnrol,
  account: enAccount,
  users: enUsers,
  brands: enBrands,
  check: enCheck,
  bulk: enBulk,
  codes: enCodes,
  events: enEvents,
  scans: enScans,
  historical: enHistorical,
  sessions: enSessions,
  settings: enSettings,
}
const pl = {
  common: plCommon,
  'sign-in': plSignIn,
  devices: plDevices,
  enrol: plEnrol,
  account: plAccount,
  users: plUsers,
  brands: plBrands,
  check: plCheck,
  bulk: plBulk,
  codes: plCodes,
  events: plEvents,
  scans: plScans,
  historical: plHistorical,
  sessions: plSessions,
  settings: plSettings,
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: typeof en
  }
}

const place = 'postern-language'
const chosen = () => {
  try {
    return localStorage.getItem(place)
  } catch {
    return null
  }
}
const wanted = [chosen(), ...navigator.languages]
  .map((language) => language?.slice(0, 2))
  .find((two) => two === 'en' || two === 'pl')

void i18next.use(initReactI18next).init({
  lng: wanted ?? 'en',
  fallbackLng: 'en',
  defaultNS: 'common',
  resources: { en, pl },
  // React escapes what it shows.
  interpolation: { escapeValue: false },
})
document.documentElement.lang = i18next.language
i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language
  try {
    localStorage.setItem(place, language)
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
})
