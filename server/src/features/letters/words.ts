import type { letterLanguages } from '@postern/contract'

export type Language = (typeof letterLanguages)[number]

/** What letters say: short sentences, and what to do in the order of doing it (screens.md §5). */
export const words = {
  en: {
    locale: 'en-GB',
    numbers: '[U+…] stands for a letter that this letter has no type for: it is its number in Unicode.',
    code: {
      title: 'Your way in',
      lead: (issuer: string, name: string) =>
        `This letter sets up signing in at ${issuer} for ${name}. It works once, for one person.`,
      steps: [
        'Scan the symbol with the camera of your phone, or type the address below it.',
        'Check that the address on the phone begins as the one in this letter.',
        'Enter the activation number, and tap the button below it. You get the number from us in another way: it is never in a letter.',
      ],
      last: {
        totp: 'Follow the page. It shows a key for an authenticator app, and asks for a passcode from it.',
        device: 'Follow the page. It registers this phone, and the phone asks for your finger, face or PIN.',
      },
      until: (time: string) => `Good until ${time}`,
      address: 'Address',
      warning:
        'Nobody will ask you for this letter or the activation number on the phone or by mail. If the page says that the code was already used, and it was not you, tell whoever sent this letter at once.',
    },
    recovery: {
      title: 'Your recovery codes',
      lead: (issuer: string, name: string) =>
        `For ${name}, at ${issuer}. Each works one time, when your phone is not there, after your password.`,
      keep: 'Keep this page where your phone is not. A new set of codes makes these void.',
      made: (time: string) => `Made ${time}`,
    },
  },
  pl: {
    locale: 'pl-PL',
    numbers: '[U+…] zastępuje literę, której nie ma w kroju tego pisma: to jej numer w Unicode.',
    code: {
      title: 'Twoje wejście',
      lead: (issuer: string, name: string) =>
        `Tym listem skonfigurujesz logowanie do ${issuer}. Osoba: ${name}. List działa jeden raz, dla jednej osoby.`,
      steps: [
        'Zeskanuj symbol aparatem telefonu albo wpisz adres, który jest pod nim.',
        'Sprawdź, czy adres w telefonie zaczyna się tak samo jak w tym liście.',
        'Wpisz numer aktywacyjny i dotknij przycisku pod nim. Numer otrzymasz od nas inną drogą: nigdy nie ma go w liście.',
      ],
      last: {
        totp: 'Postępuj według strony. Pokaże klucz do aplikacji uwierzytelniającej i poprosi o kod z tej aplikacji.',
        device: 'Postępuj według strony. Zarejestruje ten telefon, a telefon poprosi o palec, twarz lub PIN.',
      },
      until: (time: string) => `Ważny do: ${time}`,
      address: 'Adres',
      warning:
        'Nikt nie zapyta Cię o ten list ani o numer aktywacyjny przez telefon lub pocztę. Jeśli strona mówi, że kod został już użyty, a to nie Ty, powiadom od razu nadawcę listu.',
    },
    recovery: {
      title: 'Twoje kody odzyskiwania',
      lead: (issuer: string, name: string) =>
        `Osoba: ${name}. Logowanie do: ${issuer}. Każdy działa jeden raz, po haśle, gdy nie masz telefonu.`,
      keep: 'Trzymaj tę kartkę z dala od telefonu. Nowy zestaw unieważnia te kody.',
      made: (time: string) => `Utworzono: ${time}`,
    },
  },
} as const
