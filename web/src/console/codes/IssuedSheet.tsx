import { Button } from '@mantine/core'
import type { Code } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconPrinter } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Codes.module.css'
import { useCodeName } from './words.ts'

/** Symbols and addresses that are shown this once, to print: a plate for each, which no page break cuts. */
export const IssuedSheet = ({ of }: { of: readonly { code: Code; url: string; svg: string }[] }) => {
  const { t } = useTranslation('codes')
  const nameOf = useCodeName()
  return (
    <>
      <div data-no-print="">
        <Note
          tone="warn"
          title={t('many.once')}
          action={
            <Button variant="default" leftSection={<Icon of={IconPrinter} />} onClick={() => window.print()}>
              {t('print')}
            </Button>
          }
        >
          {t('many.onceText')}
        </Note>
      </div>
      <ul className={style.sheet} data-sheet="">
        {of.map(({ code, url, svg }) => (
          <li key={code.id}>
            <SymbolPlate svg={svg} alt={t('symbolAlt', { name: nameOf(code) })} />
            <b>{nameOf(code)}</b>
            <span className={style.small}>{url}</span>
            {code.expiresAt && (
              <span className="small t2">
                {t('ends')} <TimeText at={code.expiresAt} as="moment" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
