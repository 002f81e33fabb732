import { UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import style from './CopyId.module.css'
import { useCopy } from './copy.ts'
import { Icon } from './Icon.tsx'
import { IconCheck, IconCopy } from './icons.ts'

/** `…9d2kq7` in lists */
export const shortId = (id: string): string => `…${id.slice(-6)}`

/** An id in mono type: short in lists, whole in detail. A click copies it, and says so. */
export const CopyId = ({ id, short = false }: { id: string; short?: boolean }) => {
  const { t } = useTranslation()
  const { state, copy } = useCopy()
  return (
    <UnstyledButton
      className={style.id}
      title={short ? id : undefined}
      onClick={(click) => {
        click.preventDefault()
        click.stopPropagation()
        void copy(id)
      }}
    >
      <span className="sr-only">{t('copy.copy')}</span>
      <span className="mono">{short ? shortId(id) : id}</span>
      <Icon of={state === 'copied' ? IconCheck : IconCopy} size={12} />
      <span role="status" className={style.said}>
        {state === 'copied' ? t('copy.done') : state === 'failed' ? t('copy.failed') : ''}
      </span>
    </UnstyledButton>
  )
}
