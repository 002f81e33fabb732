import { Button } from '@mantine/core'
import { Link, Outlet } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFocusOnArrival, useTabTitle } from '../../ui/Page.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import style from './Root.module.css'

export const Root = () => {
  const { t } = useTranslation()
  return (
    <>
      <a className={style.skip} href="#content">
        {t('skip')}
      </a>
      <Outlet />
    </>
  )
}

export const NotFoundPage = () => {
  const { t } = useTranslation()
  const heading = useFocusOnArrival()
  useTabTitle(t('notFound.title'))
  return (
    <main id="content" tabIndex={-1} className={style.alone}>
      <h1 ref={heading} tabIndex={-1}>
        {t('notFound.title')}
      </h1>
      <p>{t('notFound.text')}</p>
      <Button component={Link} to="/">
        {t('notFound.action')}
      </Button>
    </main>
  )
}

/** What a page shows that threw: a refusal in its words, a bug as one. */
export const BrokenPage = ({ error }: { error: unknown }) => {
  const { t } = useTranslation()
  const heading = useFocusOnArrival()
  useTabTitle(t('broken.title'))
  const refused = problemIn(error) !== undefined
  return (
    <main id="content" tabIndex={-1} className={style.alone}>
      <h1 ref={heading} tabIndex={-1}>
        {t('broken.title')}
      </h1>
      {refused ? <Refused error={error} /> : <p>{t('broken.text')}</p>}
      {!refused && <pre className={style.detail}>{String(error)}</pre>}
      <Button onClick={() => location.reload()}>{t('broken.action')}</Button>
    </main>
  )
}
