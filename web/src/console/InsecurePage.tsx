import { useTranslation } from 'react-i18next'
import { LanguageMenu } from '../ui/Controls.tsx'
import { Mark } from '../ui/Mark.tsx'
import { useFocusOnArrival, useTabTitle } from '../ui/Page.tsx'
import style from './InsecurePage.module.css'

/** Plain http elsewhere than localhost: says what the browser keeps back there and what to set, instead of failing later. */
export const InsecurePage = () => {
  const { t } = useTranslation()
  const heading = useFocusOnArrival()
  useTabTitle(t('insecure.title'))
  const secure = `https://${location.hostname}${location.pathname}`
  return (
    <div className={style.page}>
      <header className={style.top}>
        <Mark />
        <b>Postern</b>
        <LanguageMenu />
      </header>
      <main id="content" className={style.main}>
        <h1 ref={heading} tabIndex={-1}>
          {t('insecure.title')}
        </h1>
        <p>{t('insecure.what', { host: location.host })}</p>
        <h2>{t('insecure.doTitle')}</h2>
        <ul>
          <li>
            <a href={secure}>{t('insecure.https', { url: secure })}</a>
          </li>
          <li>{t('insecure.httpsSet')}</li>
          <li>{t('insecure.localhost')}</li>
          <li>{t('insecure.phone')}</li>
        </ul>
        <p className="t3">{t('insecure.nothing')}</p>
      </main>
    </div>
  )
}
