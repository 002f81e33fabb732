import { Skeleton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import style from './Loading.module.css'

/** A skeleton, only where nothing was there; it waits 300 ms, because most answers are quicker. */
export const Loading = ({ lines = 4 }: { lines?: number }) => {
  const { t } = useTranslation()
  return (
    <div className={style.loading} role="status">
      <span className="sr-only">{t('loading')}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike and never move
        <Skeleton key={line} height={14} my={11} width={`${90 - ((line * 17) % 45)}%`} />
      ))}
    </div>
  )
}
