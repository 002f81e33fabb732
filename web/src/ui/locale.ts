/** How this browser's person writes dates and numbers in a language: their own variant of it, or the one of our screens. */
export const localeOf = (language: string): string =>
  navigator.languages.find((wanted) => wanted.slice(0, 2) === language && wanted.length > 2) ??
  (language === 'en' ? 'en-GB' : language)

/** A measured number as people write it: 4.5, 4,5. */
export const oneDecimal = (n: number, language: string): string =>
  n.toLocaleString(localeOf(language), { minimumFractionDigits: 1, maximumFractionDigits: 1 })
