/** A country by its code, in the language of the page; undefined where it is not known (empty, or a private address). */
export const countryName = (code: string | null | undefined, language: string): string | undefined => {
  if (!code || !/^[A-Z]{2}$/.test(code)) return undefined
  try {
    return new Intl.DisplayNames(language, { type: 'region' }).of(code)
  } catch {
    return code
  }
}
