import { Button, VisuallyHidden } from '@mantine/core'
import type { ContrastRow, Design, Proof, Reading } from '@postern/contract'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconAlertTriangle, IconCheck, IconHourglass, IconX } from '../../ui/icons.ts'
import { oneDecimal } from '../../ui/locale.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Brands.module.css'
import type { Look } from './look.ts'

type Colours = Design['colours']
const readers = ['zxing', 'qr', 'older'] as const

/** Whether it scans, and why: contrast, every reader under every condition, and what to change. */
export const ProofPanel = ({
  look,
  savedAt,
  colours,
  onColours,
}: {
  look: Look
  savedAt: string | undefined
  colours: Colours
  onColours?: (colours: Partial<Colours>) => void
}) => {
  const { t } = useTranslation('brands')
  const { proof, checking, error, retry } = look
  return (
    <>
      <Verdict look={look} savedAt={savedAt} />
      {error ? (
        <section>
          <Refused error={error} onRetry={retry} />
        </section>
      ) : null}
      {proof && (
        <div data-stale={checking ? '' : undefined} className={style.measured}>
          <section>
            <h2>{t('contrast')}</h2>
            <ul className={style.contrast}>
              {proof.contrast.map((row) => (
                <Contrast
                  key={row.pair}
                  row={row}
                  colours={colours}
                  // words are the ground on the eyes' colour: what helps those helps them
                  {...(onColours && !checking && row.pair !== 'words' ? { onColours } : {})}
                />
              ))}
            </ul>
            <small>{t('contrastText')}</small>
          </section>
          <section>
            <h2>{t('readBack')}</h2>
            <Readings proof={proof} />
            <Advice proof={proof} />
          </section>
          <section>
            <h2>{t('print')}</h2>
            <dl className={style.print}>
              <dt>{t('smallest')}</dt>
              <dd>{t('smallestText', { mm: proof.symbol.smallestMm })}</dd>
              <dt>{t('distance')}</dt>
              <dd>{t('distanceText')}</dd>
              <dt>{t('correction')}</dt>
              <dd>{t(`level.${proof.symbol.level}`)}</dd>
            </dl>
          </section>
        </div>
      )}
    </>
  )
}

/** The sentence that everything is about. It is read out when it changes, and says what was measured. */
const Verdict = ({ look: { proof, checking, tookMs, error }, savedAt }: { look: Look; savedAt: string | undefined }) => {
  const { t, i18n } = useTranslation('brands')
  const waiting = checking || !proof
  const state = error ? 'unknown' : waiting ? 'checking' : proof.passes ? 'yes' : 'no'
  const icon = { unknown: IconAlertTriangle, checking: IconHourglass, yes: IconCheck, no: IconX }[state]
  const read = proof?.rows.flatMap(({ zxing, qr }) => [zxing, qr]) ?? []
  return (
    <section className={style.verdict} data-verdict={state}>
      <span>
        <Icon of={icon} size={20} />
      </span>
      <div role="status">
        <h2>{t(`verdict.${state}`)}</h2>
        <p>
          {state === 'checking' && t('checkingText')}
          {state === 'unknown' && t('unknownText')}
          {(state === 'yes' || state === 'no') && proof && (
            <>
              {proof.contrast.some(({ passes }) => !passes)
                ? t('contrastFirst')
                : t('readTimes', { read: read.filter((each) => each === 'read').length, of: read.length })}{' '}
              {tookMs !== undefined
                ? t('asYouEdit', { seconds: oneDecimal(tookMs / 1000, i18n.language) })
                : savedAt && (
                    <>
                      {t('whenSaved')} <TimeText at={savedAt} as="moment" />
                    </>
                  )}
            </>
          )}
        </p>
      </div>
    </section>
  )
}

const Contrast = ({
  row: { pair, ratio, passes, inverted, nearest },
  colours,
  onColours,
}: {
  row: ContrastRow
  colours: Colours
  onColours?: (colours: Partial<Colours>) => void
}) => {
  const { t, i18n } = useTranslation('brands')
  const better = Object.entries(nearest ?? {}) as [keyof Colours, string][]
  return (
    <li>
      <span>{t(`pair.${pair}`)}</span>
      <b className={passes ? undefined : style.low}>{oneDecimal(ratio, i18n.language)} : 1</b>
      <span className={style.mark} data-tone={passes ? 'ok' : 'fail'}>
        <Icon of={passes ? IconCheck : IconX} />
      </span>
      <VisuallyHidden>{t(passes ? 'passes' : 'passesNot')}</VisuallyHidden>
      {!passes && (
        <div>
          {(onColours || pair !== 'words') && <p className={style.low}>{t(inverted ? 'inverted' : 'tooLow')}</p>}
          {onColours && better.length > 0 && (
            <Button variant="default" size="sm" onClick={() => onColours(Object.fromEntries(better))}>
              {better.map(([part, colour]) => (
                <span key={part} className={style.swap}>
                  <Swatch colour={colours[part]} />
                  <span aria-hidden="true">→</span>
                  <Swatch colour={colour} />
                </span>
              ))}
              {t('useNearest', { what: better.map(([part, colour]) => `${t(`colour.${part}`)} ${colour}`).join(', ') })}
            </Button>
          )}
        </div>
      )}
    </li>
  )
}
const Swatch = ({ colour }: { colour: string }) => (
  <svg className={style.swatch} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
    <rect width="14" height="14" rx="3" fill={colour} />
  </svg>
)

const Readings = ({ proof }: { proof: Proof }) => {
  const { t } = useTranslation('brands')
  const later = proof.rows.some(({ readIn }) => Object.values(readIn ?? {}).some((frame = 1) => frame > 1))
  return (
    <table className={style.readings}>
      {later && <caption>{t('readInText')}</caption>}
      <thead>
        <tr>
          <th scope="col">{t('condition')}</th>
          {readers.map((reader) => (
            <th key={reader} scope="col">
              {t(`reader.${reader}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {proof.rows.map((row) => (
          <tr key={row.condition}>
            <th scope="row">{t(`conditionIs.${row.condition}`)}</th>
            {readers.map((reader) => (
              <td key={reader}>
                <Read reading={row[reader]} readIn={row.readIn?.[reader] ?? 1} needed={reader !== 'older'} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
/** With the number of the picture, where it was not the first. */
const Read = ({ reading, readIn, needed }: { reading: Reading; readIn: number; needed: boolean }) => {
  const { t } = useTranslation('brands')
  return (
    <>
      {reading === 'not-tried' ? (
        <span aria-hidden="true">·</span>
      ) : (
        <span className={style.mark} data-tone={reading === 'read' ? 'ok' : needed ? 'fail' : 'warn'}>
          <Icon of={reading === 'read' ? IconCheck : IconX} />
          {readIn > 1 && <sup aria-hidden="true">{readIn}</sup>}
        </span>
      )}
      <VisuallyHidden>{readIn > 1 ? t('readIn', { picture: readIn }) : t(`reading.${reading}`)}</VisuallyHidden>
    </>
  )
}

/** What to change, where a reader failed: it must be, for the two of the proof; it may be, for an older one. */
const Advice = ({ proof: { rows, advice } }: { proof: Proof }) => {
  const { t } = useTranslation('brands')
  const failing = (which: readonly ('zxing' | 'qr' | 'older')[]) =>
    rows.filter((row) => which.some((reader) => row[reader] === 'not-read')).map(({ condition }) => t(`when.${condition}`))
  const strict = failing(['zxing', 'qr'])
  const older = failing(['older'])
  const change = sentence(
    advice.map((each) => t(`advice.${each}`)),
    t,
  )
  if (strict.length > 0)
    return (
      <Note tone="fail" title={t('failsWhen', { when: strict.join(', ') })}>
        {change}
      </Note>
    )
  if (older.length > 0)
    return (
      <Note tone="warn" title={t('olderWhen', { when: older.join(', ') })}>
        {change}
      </Note>
    )
  return null
}
const sentence = (parts: string[], t: TFunction<'brands'>): string =>
  parts.length > 0 ? t('helps', { what: parts.join('; ') }) : ''
