import { Button, Stack, Textarea } from '@mantine/core'
import { type CheckVerdict, type checkCode, type Out, type Problem, reportCode } from '@postern/contract'
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

/** A sign-in code is never just good: whose screen it signs in, no check can know. */
const toneOf = ({ verdict, reasons }: Said) =>
  verdict === 'genuine' && reasons.some(({ code }) => code === 'sign-in-code') ? 'warn' : tones[verdict]

/** What a symbol says, as plain text, never as a link. What lies behind # may be a secret: it is neither shown nor kept. */
export const Says = ({ content }: { content: string }) => {
  const { t } = useTranslation('check')
  const key = /^\s*otpauth(-migration)?:/i.test(content.replace(/[\p{Cf}\p{Cc}]/gu, ''))
  return (
    <div>
      <h3>{t('says')}</h3>
      <p className={style.content}>{key ? t('holdsKey') : content.trim().split('#')[0]}</p>
    </div>
  )
}

type Props = { content: string; said: Said; unseen?: Problem['code'] | undefined; onAgain: () => void }
/** The verdict first, then why, in words, then how it looks; one tap tells security. */
export const Verdict = ({ content, said, unseen, onAgain }: Props) => {
  const { t } = useTranslation('check')
  const [where, setWhere] = useState('')
  const heading = useRef<HTMLHeadingElement>(null)
  const report = useAction(reportCode, {})
  useEffect(() => heading.current?.focus(), [])
  return (
    <Stack gap="lg">
      <Note
        tone={toneOf(said)}
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
      {said.look && <Looks look={said.look} of={said.verdict} />}
      {unseen && (
        <Note tone="idle" title={t('look.unseen')}>
          {t(unseen === 'rate-limited' ? 'look.tooMany' : 'look.later')}
        </Note>
      )}
      <Says content={content} />
      {report.isSuccess ? (
        <Note tone="ok" title={t('reported')}>
          {t('reportedText')}
        </Note>
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            const { verdict, brand } = said.look ?? {}
            report.mutate({
              content,
              ...(where.trim() === '' ? {} : { where: where.trim() }),
              ...(verdict ? { look: { verdict, ...(brand === undefined ? {} : { brand }) } } : {}),
            })
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

/** Whether it looks like ours, and what differs. It decides nothing: a warning stands in the verdict already. */
const Looks = ({ look: { verdict, brand, traits, because }, of }: { look: NonNullable<Said['look']>; of: CheckVerdict }) => {
  const { t } = useTranslation('check')
  const ours = of !== 'not-ours' && of !== 'look-alike'
  const words =
    verdict === 'unclear'
      ? t(`look.because.${because ?? 'too-little'}`)
      : brand
        ? t(of === 'look-alike' ? 'look.copies' : 'look.likeBrand', { brand })
        : t(`look.${verdict}`)
  const told = verdict === 'unclear' || !ours ? [] : (['unlike', 'like'] as const)
  return (
    <div className={style.look}>
      <h3>{t('look.title')}</h3>
      <p>{words}</p>
      {told.length > 0 && (
        <ul className={style.traits}>
          {told.flatMap((side) =>
            traits
              .filter((each) => each.verdict === side)
              .map(({ trait }) => (
                <li key={trait} data-side={side}>
                  {t(`look.trait.${trait}.${side}`)}
                </li>
              )),
          )}
        </ul>
      )}
      {verdict === 'unlike' && ours && <p className="t2">{t('look.decides')}</p>}
    </div>
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
