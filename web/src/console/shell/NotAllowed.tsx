import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFocusOnArrival, useTabTitle } from '../../ui/Page.tsx'
import style from './Root.module.css'

export const NotAllowed = () => {
  const { t } = useTranslation()
  const heading = useFocusOnArrival()
  useTabTitle(t('notAllowed.title'))
  return (
    <main id="content" tabIndex={-1} className={style.alone}>
      <h1 ref={heading} tabIndex={-1}>
        {t('notAllowed.title')}
      </h1>
      <p>{t('notAllowed.text')}</p>
      <Button component={Link} to="/me">
        {t('notAllowed.action')}
      </Button>
    </main>
  )
}
