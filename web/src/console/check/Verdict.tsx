import { Button, Stack, Textarea } from '@mantine/core'
import { type CheckVerdict, type checkCode, type Out, reportCode } from '@postern/contract'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useAction } from '../calls.ts'
import style from './CheckPage.module.css'

type Said = Out<typeof checkCode>
const tones: Record<CheckVerdict, 'ok' | 'idle' | 'warn' | 'fail'> = {
  genuine: 'ok',
  expired: 'idle',
  revoked: 'warn',
  'not-ours': 'warn',
  'look-alike': 'fail',
}

/** The verdict first, then why, in words; what the symbol says as plain text, never as a link; one tap tells security. */
export const Verdict = ({ content, said, onAgain }: { content: string; said: Said; onAgain: () => void }) => {
  const { t } = useTranslation('check')
  const [where, setWhere] = useState('')
  const heading = useRef<HTMLHeadingElement>(null)
  const report = useAction(reportCode, {})
  useEffect(() => heading.current?.focus(), [])
  // what lies behind # may be a secret: it is neither shown nor kept
  const shown = said.reasons.some(({ code }) => code === 'holds-key') ? t('holdsKey') : content.trim().split('#')[0]
  return (
    <Stack gap="lg">
      <Note
        tone={tones[said.verdict]}
        title={
          <h2 ref={heading} tabIndex={-1} className={style.verdict}>
            {t(`verdict.${said.verdict}`, { issuer: said.issuer })}
          </h2>
        }
      >
        <ul className={style.reasons}>
          {said.reasons.map(({ code }) => (
            <li key={code}>{t(`reason.${code}`)}</li>
          ))}
          {said.leadsTo && <li>{t('leadsTo', { host: said.leadsTo })}</li>}
        </ul>
      </Note>
      {said.difference && <Difference {...said.difference} />}
      <div>
        <h3>{t('says')}</h3>
        <p className={style.content}>{shown}</p>
      </div>
      {report.isSuccess ? (
        <Note tone="ok" title={t('reported')}>
          {t('reportedText')}
        </Note>
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            report.mutate({ content, ...(where.trim() === '' ? {} : { where: where.trim() }) })
          }}
        >
          <Stack gap="sm">
            {report.error && <Refused error={report.error} />}
            <Textarea
              label={t('where')}
              description={t('whereText')}
              value={where}
              onChange={(change) => setWhere(change.currentTarget.value)}
              maxLength={500}
              autosize
            />
            <Button type="submit" variant={said.verdict === 'look-alike' ? 'filled' : 'default'} loading={report.isPending}>
              {t('report')}
            </Button>
          </Stack>
        </form>
      )}
      <Button variant="subtle" onClick={onAgain}>
        {t('again')}
      </Button>
    </Stack>
  )
}

/** Both names in one type, the characters to look at marked. */
const Difference = ({ theirs, ours, marks }: NonNullable<Said['difference']>) => {
  const { t } = useTranslation('check')
  const at = new Set(marks)
  return (
    <dl className={style.names}>
      <dt>{t('theirs')}</dt>
      <dd>
        {[...theirs].map((sign, index) =>
          at.has(index) ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a character is its place
            <mark key={index}>{sign}</mark>
          ) : (
            sign
          ),
        )}
      </dd>
      <dt>{t('oursName')}</dt>
      <dd>{ours}</dd>
    </dl>
  )
}
