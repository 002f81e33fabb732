import { useEffect, useState } from 'preact/hooks'
import type en from '../i18n/en/phone.json'
import { localeOf } from '../ui/locale.ts'

/** The page's own small translator: keys and plurals as in the console's files, without its library. */
type Leaves<T, P extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>
}[keyof T & string]
type WithoutPlural<K extends string> = K extends `${infer Base}_${'one' | 'few' | 'many' | 'other'}` ? Base : K
export type Words = WithoutPlural<Leaves<typeof en>>

/** A phone loads the words of the language that it shows, and the others when they are asked for. */
const languages = {
  en: () => import('../i18n/en/phone.json'),
  pl: () => import('../i18n/pl/phone.json'),
} as const
export type Language = keyof typeof languages
const place = 'postern-language'
const stored = () => {
  try {
    return localStorage.getItem(place)
  } catch {
    return null
  }
}
let language: Language =
  [stored(), ...navigator.languages]
    .map((wanted) => wanted?.slice(0, 2))
    .find((two): two is Language => two === 'en' || two === 'pl') ?? 'en'
let texts: unknown
const speak = async (chosen: Language): Promise<void> => {
  texts = (await languages[chosen]()).default
  language = chosen
  document.documentElement.lang = chosen
}
/** Before anything is drawn. */
export const loadWords = (): Promise<void> => speak(language)

const listeners = new Set<() => void>()
export const setLanguage = async (chosen: Language): Promise<void> => {
  try {
    await speak(chosen)
  } catch {
    // it did not come: what is shown stays, and the next tap asks again
    return
  }
  try {
    localStorage.setItem(place, chosen)
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
  for (const listener of listeners) listener()
}
export const useLanguage = (): Language => {
  const [, redraw] = useState(0)
  useEffect(() => {
    const listener = () => redraw((count) => count + 1)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
  return language
}

const find = (key: string): string | undefined => {
  let at = texts
  for (const part of key.split('.')) at = (at as Record<string, unknown> | undefined)?.[part]
  return typeof at === 'string' ? at : undefined
}
export const t = (key: Words, values: Record<string, string | number> = {}): string => {
  const { count } = values
  const plural = typeof count === 'number' ? find(`${key}_${new Intl.PluralRules(language).select(count)}`) : undefined
  return (plural ?? find(key) ?? key).replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''))
}
/** "18 November, 09:41" */
export const moment = (instant: string): string =>
  new Intl.DateTimeFormat(localeOf(language), {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(instant))
export const day = (instant: string): string =>
  new Intl.DateTimeFormat(localeOf(language), { day: 'numeric', month: 'long' }).format(new Date(instant))
