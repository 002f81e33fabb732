import type { Fault, FieldCode, RefusalCode } from '@postern/contract'
import type { Language } from '../letters/index.ts'

/** Why a row failed: by a refusal as a whole, and where it was about columns, what was wrong with each. */
export type RowErrors = { code: RefusalCode | 'internal'; detail: string; columns?: ({ column: string } & Fault)[] }

const polish: {
  columns: Partial<Record<FieldCode, string>>
  /** Columns of which a code is told in other words. */
  named: Partial<Record<string, Partial<Record<FieldCode, string>>>>
  rows: Partial<Record<RowErrors['code'], string>>
} = {
  columns: {
    required: 'brakuje',
    type: 'ma tu być liczba całkowita',
    choice: '{{value}} nie pasuje. Są: {{choices}}',
    format: 'nie jest tak zapisane, jak trzeba',
    'too-short': 'za krótkie; najmniejsza liczba znaków: {{least}}',
    'too-long': 'za długie; największa liczba znaków: {{most}}',
    'too-small': 'co najmniej {{least}}',
    'too-large': 'najwyżej {{most}}',
    taken: 'jest już zajęte',
    twice: 'jest też w wierszu {{row}}',
    'web-address': 'adres zaczyna się od http:// lub https://, bez nazwy użytkownika',
    'host-not-listed': 'linki nie mogą prowadzić do: {{host}}; w Ustawieniach kodów dozwolone są: {{hosts}}',
    'ends-first': 'koniec musi być później niż początek',
    past: 'ten czas już minął',
    'fourteen-days': 'kod, który uwierzytelnia, kończy się w ciągu 14 dni',
    'no-such': 'nie ma tu nic takiego, co byłoby aktywne',
    'more-rights': 'to więcej uprawnień, niż ma importujący',
    'enrolment-off': 'rejestracja jest wyłączona',
    cells: 'komórek w wierszu: {{cells}}, w nagłówku: {{columns}}',
  },
  named: {
    username: { format: 'litery, cyfry i znaki . _ @ + -, na początku litera lub cyfra' },
    email: { format: 'to nie jest adres e-mail' },
    expiresAt: { format: 'dzień jak 2027-01-31 albo czas ze strefą: 2027-01-31T18:00:00Z' },
    notBefore: { format: 'dzień jak 2027-01-31 albo czas ze strefą: 2027-01-31T18:00:00Z' },
    kind: { choice: 'w pliku może być tylko rodzaj link' },
  },
  rows: {
    'not-found': 'Nie ma tu takiego kodu ani takiej osoby.',
    'not-allowed': 'Kod lub osoba ma więcej uprawnień, niż ma zlecający.',
    conflict: 'Obecny stan kodu lub osoby na to nie pozwala.',
    'code-used': 'Kod został już użyty.',
    'code-revoked': 'Kod jest unieważniony.',
    'code-expired': 'Kod wygasł.',
    'code-not-drawable':
      'Ten kod uwierzytelnia, a przechowywany jest tylko skrót jego sekretu. Aby go wydrukować, wydaj go ponownie.',
    'enrolment-off': 'Rejestracja jest wyłączona w Ustawieniach → Uwierzytelnianie.',
    internal: 'Coś poszło tu nie tak.',
  },
}

/** Of refusals that bring no words of their own, because where they are answered their name and status say all. */
const english: Partial<Record<RowErrors['code'], string>> = {
  'not-found': 'There is no such code or person.',
  'code-used': 'The code was already used.',
  'code-revoked': 'The code is revoked.',
  'code-expired': 'The code has expired.',
}
/** Why, in a language; in English, which refusals are written in, where the other has no words for it. */
export const whyOf = ({ code, detail, columns }: RowErrors, language: Language): string => {
  const of = ({ column, message, code: fault, values }: { column: string } & Fault): string => {
    const words = language === 'pl' && fault ? (polish.named[column]?.[fault] ?? polish.columns[fault]) : undefined
    const said = words?.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values?.[name] ?? '')) ?? message
    return column === '' ? said : `${column}: ${said}`
  }
  if (columns && columns.length > 0) return columns.map(of).join('; ')
  return (language === 'pl' ? polish.rows[code] : undefined) ?? (detail === code ? (english[code] ?? detail) : detail)
}
