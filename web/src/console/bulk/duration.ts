import { useTranslation } from 'react-i18next'

/** Seconds in the words of the language: "12 s", "3 min", "2 h". */
export const useDuration = (): ((seconds: number) => string) => {
  const { i18n } = useTranslation()
  return (seconds) => {
    const [value, unit] =
      seconds < 60
        ? [seconds, 'second']
        : seconds < 3600
          ? [Math.ceil(seconds / 60), 'minute']
          : [Math.ceil(seconds / 3600), 'hour']
    return new Intl.NumberFormat(i18n.language, { style: 'unit', unit: unit as string, unitDisplay: 'short' }).format(
      value as number,
    )
  }
}
