import { ActionIcon, Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useCopy } from './copy.ts'
import { algorithmName, inFours } from './fours.ts'
import { Icon } from './Icon.tsx'
import { IconCheck, IconCopy } from './icons.ts'
import style from './KeyInFours.module.css'

/** The way without a camera: the key in fours, to type or copy, with the settings that the app must be given. */
export const KeyInFours = ({
  secret,
  settings,
}: {
  secret: string
  settings: { algorithm: string; digits: number; periodSeconds: number }
}) => {
  const { t } = useTranslation()
  const { state, copy } = useCopy()
  return (
    <div>
      <div className={style.row}>
        <div className={style.key}>{inFours(secret)}</div>
        <Tooltip label={state === 'copied' ? t('copy.done') : t('key.copy')}>
          <ActionIcon variant="default" size={44} aria-label={t('key.copy')} onClick={() => copy(secret)}>
            <Icon of={state === 'copied' ? IconCheck : IconCopy} />
          </ActionIcon>
        </Tooltip>
        <span role="status" className="sr-only">
          {state === 'copied' ? t('copy.done') : state === 'failed' ? t('copy.failed') : ''}
        </span>
      </div>
      {state === 'failed' && <p className="small t2">{t('copy.failed')}</p>}
      <ul className={style.settings}>
        <li>
          {t('key.type')} <b>{t('key.timeBased')}</b>
        </li>
        <li>
          {t('key.digits')} <b>{settings.digits}</b>
        </li>
        <li>
          {t('key.period')} <b>{settings.periodSeconds} s</b>
        </li>
        <li>
          {t('key.algorithm')} <b>{algorithmName(settings.algorithm)}</b>
        </li>
      </ul>
    </div>
  )
}
