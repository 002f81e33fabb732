import { plainDesign } from '@postern/contract'
import type { Opening } from '../../features/codes/index.ts'

type Language = 'en' | 'pl'
type Shown = Exclude<Opening, { is: 'page' } | { is: 'redirected' }>
type Ended = Exclude<Shown['is'], 'shown'>
type Words = { title: string; lead: string; ask: string; do: string }
type Said = Record<Ended, Words> & {
  text: { title: string; lead: string; ask: string; do: string }
  facts: Record<'code' | 'link' | 'text' | 'from' | 'starts' | 'opened' | 'counted' | 'reference', string>
}
/** What happened, what it means, what to do: for whoever opened a link code. Never whose it is, nor where it would lead. */
const words: Record<Language, Said> = {
  en: {
    revoked: {
      title: 'This code was revoked',
      lead: 'It is genuine, but {{org}} revoked it and it leads nowhere. Nothing was opened and nothing has changed.',
      ask: 'Did you expect it to work?',
      do: 'Tell whoever put it up, with the sign or letter that it stands on and the reference below. Ask them by a way you know, not by what stands beside the code.',
    },
    expired: {
      title: 'This code has expired',
      lead: 'It is genuine, and its time is over. Nothing was opened and nothing has changed.',
      ask: 'Do you still need it?',
      do: 'Ask whoever put it up, and give them the reference below: they can let it lead on without printing it again.',
    },
    'used-up': {
      title: 'This code was opened as often as it may be',
      lead: 'It is genuine, and its number of openings is used up. Nothing was opened and nothing has changed.',
      ask: 'Do you still need it?',
      do: 'Ask whoever gave it to you, and give them the reference below: they can raise the number without printing it again.',
    },
    'not-yet-valid': {
      title: 'This code does not work yet',
      lead: 'It is genuine, and starts to work on {{time}}. Nothing was opened and nothing has changed.',
      ask: 'Come back then',
      do: 'Scan it again after that time. Looking at it has used nothing.',
    },
    text: {
      title: 'What this code says',
      lead: '',
      ask: 'Only text',
      do: 'It opens nothing by itself. If it asks for a password, a passcode or money, do not follow it. Ask {{org}} first, by a way you know.',
    },
    facts: {
      code: 'Code',
      link: 'A link, printed or sent',
      text: 'A text',
      from: 'From',
      starts: 'Works from',
      opened: 'Opened now',
      counted: 'Counted as one opening. Who you are is not asked.',
      reference: 'Reference',
    },
  },
  pl: {
    revoked: {
      title: 'Ten kod został unieważniony',
      lead: 'Jest prawdziwy, ale prowadzi donikąd. Unieważnił go wydawca: {{org}}. Nic się nie otworzyło i nic się nie zmieniło.',
      ask: 'Miał działać?',
      do: 'Powiedz o tym osobie, która go umieściła: na jakim znaku lub w jakim liście się znajduje i jaki ma numer poniżej. Zapytaj drogą, którą znasz, a nie tą podaną obok kodu.',
    },
    expired: {
      title: 'Ten kod stracił ważność',
      lead: 'Jest prawdziwy, a jego czas minął. Nic się nie otworzyło i nic się nie zmieniło.',
      ask: 'Nadal go potrzebujesz?',
      do: 'Zapytaj osobę, która go umieściła, i podaj numer poniżej: można go przywrócić bez ponownego druku.',
    },
    'used-up': {
      title: 'Ten kod otwarto już tyle razy, ile wolno',
      lead: 'Jest prawdziwy, a limit otwarć został wyczerpany. Nic się nie otworzyło i nic się nie zmieniło.',
      ask: 'Nadal go potrzebujesz?',
      do: 'Zapytaj osobę, od której go masz, i podaj numer poniżej: limit można podnieść bez ponownego druku.',
    },
    'not-yet-valid': {
      title: 'Ten kod jeszcze nie działa',
      lead: 'Jest prawdziwy i zacznie działać: {{time}}. Nic się nie otworzyło i nic się nie zmieniło.',
      ask: 'Wróć w tym czasie',
      do: 'Zeskanuj go wtedy ponownie. Samo otwarcie niczego nie zużyło.',
    },
    text: {
      title: 'Treść tego kodu',
      lead: '',
      ask: 'Tylko tekst',
      do: 'Sam niczego nie otwiera. Jeśli prosi o hasło, kod z aplikacji albo pieniądze, nie rób tego. Najpierw zapytaj wydawcę, drogą, którą znasz: {{org}}',
    },
    facts: {
      code: 'Kod',
      link: 'Link, wydrukowany lub wysłany',
      text: 'Tekst',
      from: 'Wydawca',
      starts: 'Działa od',
      opened: 'Otwarty teraz',
      counted: 'Policzony jako jedno otwarcie. Nie pytamy, kim jesteś.',
      reference: 'Numer',
    },
  },
}
/** Statuses say the same as the words: gone for good or for now, or not yet. */
const statusOf: Record<Ended, number> = { revoked: 410, expired: 410, 'used-up': 410, 'not-yet-valid': 409 }
/** The sign at the corner of the picture, as on the pages of codes that authenticate. */
const badges: Record<Ended, string> = {
  revoked: 'M4 12L12 4',
  expired: 'M8 4.2V8l2.6 1.6',
  'used-up': 'M3 8.5l3.2 3.2L13 5',
  'not-yet-valid': 'M8 4.2V8l2.6 1.6',
}
const picture = (badge: string): string =>
  `<div class="picture" aria-hidden="true"><svg viewBox="0 0 16 16"><path d="M2.4 2.4h4.2v4.2H2.4zM9.4 2.4h4.2v4.2H9.4zM2.4 9.4h4.2v4.2H2.4zM9.4 9.4h1.6V11M13.6 9.4v1.8M9.4 13.6h1.4M13.6 13.6v.01"/></svg><span><svg viewBox="0 0 16 16"><path d="${badge}"/></svg></span></div>`

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[sign] as string)
/** The first of our languages that the browser asks for; English where it asks for none of them. */
const languageOf = (accept: string | undefined): Language =>
  (accept ?? '').split(',').flatMap((each): Language[] => {
    const two = each.trim().slice(0, 2).toLowerCase()
    return two === 'pl' || two === 'en' ? [two] : []
  })[0] ?? 'en'
const timeIn = (language: Language, at: Date): string =>
  `${new Intl.DateTimeFormat(language === 'pl' ? 'pl-PL' : 'en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`

/** What a page of a link code shows of the kit that draws the code. */
type PageBrand = { name: string; isDefault: boolean; colour: string; png: Buffer | null }
/**
 * The head of the page in the kit's look: its logo left to its name, and its colour as a line, drawn, because the content
 * policy takes no style of a page's own. The default kit speaks for the deployment, so that one is named.
 */
const headOf = ({ name, isDefault, colour, png }: PageBrand, issuer: string, host: string): string => {
  const logo = png ? `<img src="data:image/png;base64,${png.toString('base64')}" alt="" height="32">` : ''
  const line = `<svg class="stripe" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"><path fill="${escaped(colour)}" d="M0 0h1v1H0z"/></svg>`
  return `${line}<header class="top">${logo}<b>${escaped(isDefault ? issuer : name)}</b><span class="host">${escaped(host)}</span></header>`
}
const isPlain = ({ isDefault, colour, png }: PageBrand): boolean => isDefault && !png && colour === plainDesign.colours.eyes

/**
 * The page of a link code that shows text or leads nowhere now: the phone page's own frame and sheet, words from here, no
 * script. `shell` is the built phone page, `id` the code's, `host` the address that it was opened at.
 */
export const linkPage = (
  shell: string,
  opening: Shown,
  {
    id,
    issuer,
    brand,
    host,
    acceptLanguage,
  }: { id: string; issuer: string; brand: PageBrand; host: string; acceptLanguage: string | undefined },
): { status: number; body: string } => {
  const language = languageOf(acceptLanguage)
  const { facts, text, ...ended } = words[language]
  const said = opening.is === 'shown' ? text : ended[opening.is]
  const starts = opening.is === 'not-yet-valid' ? timeIn(language, opening.notBefore) : ''
  // what is filled in is text of others: escaped, and never read as a pattern
  const fill = (line: string): string => escaped(line.replace('{{org}}', () => issuer).replace('{{time}}', () => starts))
  const rows: [string, string][] = [
    [facts.code, opening.is === 'shown' ? facts.text : facts.link],
    [facts.from, issuer],
    ...(starts ? [[facts.starts, starts] as [string, string]] : []),
    [facts.opened, facts.counted],
  ]
  const main = [
    opening.is === 'shown' ? '' : picture(badges[opening.is]),
    `<h1>${escaped(said.title)}</h1>`,
    opening.is === 'shown' ? `<p class="said">${escaped(opening.text)}</p>` : `<p class="lead">${fill(said.lead)}</p>`,
    `<dl class="facts">${rows.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>`,
    `<section class="part"><h2>${escaped(said.ask)}</h2><p>${fill(said.do)}</p></section>`,
    `<p class="reference">${escaped(facts.reference)} <code>${escaped(id)}</code></p>`,
  ].join('')
  const body = shell
    .replace(/<html lang="\w+">/, () => `<html lang="${language}">`)
    .replace(/<title>[^<]*<\/title>/, () => `<title>${escaped(said.title)} · Postern</title>`)
    .replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, '')
    .replace(/<link rel="modulepreload"[^>]*>/g, '')
    .replace(/<b>[^<]*<\/b>/, () => `<b>${escaped(issuer)}</b><span class="host">${escaped(host)}</span>`)
    .replace(/<header class="top">[\s\S]*?<\/header>/, (plain) => (isPlain(brand) ? plain : headOf(brand, issuer, host)))
    .replace(/<main class="main">[\s\S]*<\/main>/, () => `<main class="main">${main}</main>`)
  return { status: opening.is === 'shown' ? 200 : statusOf[opening.is], body }
}
