import type { Opening } from '../../features/codes/index.ts'

type Language = 'en' | 'pl'
type Ended = 'revoked' | 'expired' | 'used-up' | 'not-yet-valid'
/** What happened, what it means, what to do: for whoever opened a link code that leads nowhere now. */
const words: Record<
  Language,
  Record<Ended, { title: string; lead: string; next: string }> & { text: { title: string; from: string } }
> = {
  en: {
    revoked: {
      title: 'This code was revoked',
      lead: 'It was revoked by {{org}} and opens nothing. Nothing was opened and nothing has changed.',
      next: 'Did you expect it to work? Ask whoever put it up, and tell them which sign or letter it stands on.',
    },
    expired: {
      title: 'This code has expired',
      lead: 'Its time is over. Nothing was opened and nothing has changed.',
      next: 'Ask whoever put it up for a new one: {{org}} can make it lead on without printing it again.',
    },
    'used-up': {
      title: 'This code was opened as often as it may be',
      lead: 'It is genuine, and its number of openings is used up. Nothing was opened and nothing has changed.',
      next: 'Ask whoever gave it to you. {{org}} can raise the number without printing it again.',
    },
    'not-yet-valid': {
      title: 'This code does not work yet',
      lead: 'It starts to work on {{time}}. Nothing was opened and nothing has changed.',
      next: 'Scan it again then. Nothing of it is used up until that time.',
    },
    text: { title: 'What this code says', from: 'Published by {{org}} with Postern. It is text: it opens nothing by itself.' },
  },
  pl: {
    revoked: {
      title: 'Ten kod został unieważniony',
      lead: 'Ten kod niczego nie otwiera. Unieważnił go wydawca: {{org}}. Nic się nie otworzyło i nic się nie zmieniło.',
      next: 'Miał działać? Zapytaj osobę, która go umieściła, i powiedz, na jakim znaku lub liście się znajduje.',
    },
    expired: {
      title: 'Ten kod stracił ważność',
      lead: 'Jego czas minął. Nic się nie otworzyło i nic się nie zmieniło.',
      next: 'Poproś o nowy osobę, która go umieściła. Wydawca może przywrócić go bez ponownego druku: {{org}}',
    },
    'used-up': {
      title: 'Ten kod otwarto już tyle razy, ile wolno',
      lead: 'Jest prawdziwy, ale limit otwarć został wyczerpany. Nic się nie otworzyło i nic się nie zmieniło.',
      next: 'Zapytaj osobę, od której go masz. Wydawca może podnieść limit bez ponownego druku: {{org}}',
    },
    'not-yet-valid': {
      title: 'Ten kod jeszcze nie działa',
      lead: 'Zacznie działać: {{time}}. Nic się nie otworzyło i nic się nie zmieniło.',
      next: 'Zeskanuj go wtedy ponownie. Do tego czasu nic nie zostanie zużyte.',
    },
    text: { title: 'Treść tego kodu', from: 'Wydawca: {{org}}, za pomocą Postern. To tekst: sam niczego nie otwiera.' },
  },
}
/** Statuses say the same as the words: gone for good or for now, or not yet. */
const statusOf: Record<Ended, number> = { revoked: 410, expired: 410, 'used-up': 410, 'not-yet-valid': 409 }

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[sign] as string)
const languageOf = (accept: string | undefined): Language => (/^\s*pl\b/i.test(accept ?? '') ? 'pl' : 'en')
const timeIn = (language: Language, at: Date): string =>
  `${new Intl.DateTimeFormat(language === 'pl' ? 'pl-PL' : 'en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`

/**
 * The page of a link code that shows text or leads nowhere now: the phone page's own frame and sheet, words from here, no
 * script. `shell` is the built phone page.
 */
export const linkPage = (
  shell: string,
  opening: Exclude<Opening, { is: 'page' } | { is: 'redirected' }>,
  issuer: string,
  acceptLanguage: string | undefined,
): { status: number; body: string } => {
  const language = languageOf(acceptLanguage)
  const said = words[language]
  const fill = (text: string): string =>
    text
      .replace('{{org}}', escaped(issuer))
      .replace('{{time}}', opening.is === 'not-yet-valid' ? escaped(timeIn(language, opening.notBefore)) : '')
  const [title, main] =
    opening.is === 'shown'
      ? [said.text.title, `<p class="said">${escaped(opening.text)}</p><p class="hint">${fill(said.text.from)}</p>`]
      : [said[opening.is].title, `<p class="lead">${fill(said[opening.is].lead)}</p><p>${fill(said[opening.is].next)}</p>`]
  const body = shell
    .replace(/<html lang="\w+">/, () => `<html lang="${language}">`)
    .replace(/<title>[^<]*<\/title>/, () => `<title>${escaped(title)}</title>`)
    .replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, '')
    .replace(/<link rel="modulepreload"[^>]*>/g, '')
    .replace(/<b>[^<]*<\/b>/, () => `<b>${escaped(issuer)}</b>`)
    .replace(/<main class="main">[\s\S]*<\/main>/, () => `<main class="main"><h1>${escaped(title)}</h1>${main}</main>`)
  return { status: opening.is === 'shown' ? 200 : statusOf[opening.is], body }
}
