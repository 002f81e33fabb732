import { Button } from '@mantine/core'
import type { Problem } from '@postern/contract'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyId } from './CopyId.tsx'
import { Note } from './Note.tsx'
import { useNow } from './now.ts'

/** The problem a refusal carries; anything else that was thrown is a bug of the page, and said as one. */
export const problemIn = (error: unknown): Problem | undefined =>
  typeof error === 'object' && error !== null && 'problem' in error ? (error as { problem: Problem }).problem : undefined

/** What was refused, in words: what happened, what it means, what to do, and the request's id for whoever helps. */
export const Refused = ({ error, onRetry, action }: { error: unknown; onRetry?: () => void; action?: ReactNode }) => {
  const { t, i18n } = useTranslation()
  const problem = problemIn(error)
  const said = problem?.reason === 'last-owner' ? problem.reason : (problem?.code ?? 'bug')
  // a later server may refuse for what this page has no words of
  const worded = i18n.exists(`refusal.${said}.title`) ? said : 'bug'
  // a bug of the server has no code of its own, and is not one of this page
  const code = problem?.status === 0 ? 'unreachable' : problem?.status === 500 ? 'broken' : worded
  const fields = problem?.errors?.map(({ path, message }) => `${path}: ${message}`)
  return (
    <Note
      tone={code === 'not-allowed' || code === 'rate-limited' ? 'warn' : 'fail'}
      title={t(`refusal.${code}.title`)}
      action={
        (onRetry || action) && (
          <>
            {onRetry && (
              <Button variant="default" size="sm" onClick={onRetry}>
                {t('tryAgain')}
              </Button>
            )}
            {action}
          </>
        )
      }
    >
      {code === 'rate-limited' && problem?.retryAfter ? (
        <Wait seconds={problem.retryAfter} />
      ) : onRetry && (code === 'unreachable' || code === 'unavailable' || code === 'broken') ? (
        // what is asked again was a question: nothing was typed that could be lost
        t(`refusal.${code}.again`)
      ) : (
        t(`refusal.${code}.text`)
      )}
      {fields && <div>{fields.join(' · ')}</div>}
      {problem?.requestId && (
        <div className="small">
          {t('refusal.request')} <CopyId id={problem.requestId} />
        </div>
      )}
    </Note>
  )
}

const Wait = ({ seconds }: { seconds: number }) => {
  const { t } = useTranslation()
  return <>{t('refusal.rate-limited.wait', { seconds })}</>
}

/**
 * Seconds left of a wait that was told at `since`, counting down: of a limit, or until the next passcode. Never more than was
 * told: the page's clock moves once a second, so it may stand before `since`.
 */
export const useWait = (problem: Problem | undefined, since: number): number => {
  const now = useNow()
  const wait = problem?.retryAfter ?? (problem?.code === 'rate-limited' ? 5 : 0)
  return Math.min(wait, Math.max(0, Math.ceil((since + wait * 1000 - now) / 1000)))
}
