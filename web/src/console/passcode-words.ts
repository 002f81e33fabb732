import { useTranslation } from 'react-i18next'
import { useNow } from '../ui/now.ts'
import { problemIn, useWait } from '../ui/Refused.tsx'

/** What is said under a passcode field: mismatch, clock off by its rule, spent with the seconds to the next, wait, or none. */
export const usePasscodeWords = (error: unknown, since: number, periodSeconds = 30): string | undefined => {
  const { t } = useTranslation()
  const now = useNow()
  const problem = problemIn(error)
  const wait = useWait(problem, since)
  if (!error) return undefined
  if (!problem) return `${t('refusal.bug.title')}. ${t('refusal.bug.text')}`
  const tries = problem.triesLeft === undefined ? '' : ` ${t('totp.triesLeft', { count: problem.triesLeft })}`
  switch (problem.code) {
    case 'factor-wrong':
      if (problem.clockOffset) {
        const seconds = Math.abs(problem.clockOffset)
        return (problem.clockOffset < 0 ? t('totp.clockSlow', { seconds }) : t('totp.clockFast', { seconds })) + tries
      }
      return t('totp.mismatch') + tries
    case 'totp-replayed':
      return (
        t('totp.spent', { seconds: problem.retryAfter ? wait : periodSeconds - (Math.floor(now / 1000) % periodSeconds) }) + tries
      )
    case 'clock-skew':
      return t('totp.serverClock')
    case 'rate-limited':
      return wait > 0 ? t('totp.wait', { seconds: wait }) : t('totp.waitOver')
    case 'invalid-request':
      return t('totp.mismatch')
    default: {
      const code = problem.status === 0 ? 'unreachable' : problem.code
      return `${t(`refusal.${code}.title`)}. ${t(`refusal.${code}.text`)}`
    }
  }
}
