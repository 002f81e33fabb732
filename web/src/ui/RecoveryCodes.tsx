import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from './copy.ts'
import { Icon } from './Icon.tsx'
import { IconCheck, IconCopy, IconDownload, IconPrinter } from './icons.ts'
import { Note } from './Note.tsx'
import style from './RecoveryCodes.module.css'

/** Ten codes, shown once: print, download, copy; then "I have saved them", which asks once if none of these was used. */
export const RecoveryCodes = ({
  codes,
  owner,
  onSaved,
  onLetter,
  extra,
}: {
  codes: readonly string[]
  /** Whose they are and where, for the paper and the file. */
  owner: string
  onSaved: () => void
  /** Saves them as a page to print, where the server made one. */
  onLetter?: () => void
  extra?: ReactNode
}) => {
  const { t } = useTranslation()
  const { state, copy } = useCopy()
  const [kept, setKept] = useState(false)
  const [asked, setAsked] = useState(false)
  const text = [t('recovery.paper', { owner }), ...codes].join('\n')
  const download = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }))
    link.download = 'postern-recovery-codes.txt'
    link.click()
    URL.revokeObjectURL(link.href)
    setKept(true)
  }
  return (
    <div className={style.recovery}>
      <p className={style.paper}>{t('recovery.paper', { owner })}</p>
      <ol className={style.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      {extra}
      <div className={style.acts} data-no-print="">
        <Button
          variant="default"
          leftSection={<Icon of={IconPrinter} />}
          onClick={() => {
            setKept(true)
            print()
          }}
        >
          {t('recovery.print')}
        </Button>
        <Button variant="default" leftSection={<Icon of={IconDownload} />} onClick={download}>
          {t('recovery.download')}
        </Button>
        {onLetter && (
          <Button
            variant="default"
            leftSection={<Icon of={IconDownload} />}
            onClick={() => {
              setKept(true)
              onLetter()
            }}
          >
            {t('recovery.letter')}
          </Button>
        )}
        <Button
          variant="default"
          leftSection={<Icon of={state === 'copied' ? IconCheck : IconCopy} />}
          onClick={() => {
            setKept(true)
            void copy(text)
          }}
        >
          {state === 'copied' ? t('copy.done') : t('recovery.copy')}
        </Button>
        <span role="status" className="small t2">
          {state === 'failed' ? t('copy.failed') : ''}
        </span>
      </div>
      {asked && !kept && (
        <Note tone="warn" title={t('recovery.sure')}>
          {t('recovery.sureText')}
        </Note>
      )}
      <div data-no-print="">
        <Button size="lg" onClick={() => (kept || asked ? onSaved() : setAsked(true))}>
          {asked && !kept ? t('recovery.written') : t('recovery.saved')}
        </Button>
      </div>
    </div>
  )
}
