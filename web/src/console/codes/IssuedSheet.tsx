import { Button } from '@mantine/core'
import type { Code } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { inFours } from '../../ui/fours.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconDownload, IconPrinter } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { savePdf } from '../../ui/pdf.ts'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Codes.module.css'
import { useCodeName } from './words.ts'

export type Issued = {
  code: Code
  url: string
  svg: string
  /** Of what goes by letter: the number that goes another way, and the letter as PDF. */
  activation?: string | undefined
  letterPdf?: string | undefined
}
/** Symbols and addresses that are shown this once, to print: a plate for each, which no page break cuts. */
export const IssuedSheet = ({ of }: { of: readonly Issued[] }) => {
  const { t } = useTranslation(['codes', 'users'])
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
        {of.map(({ code, url, svg, activation, letterPdf }) => (
          <li key={code.id}>
            <SymbolPlate svg={svg} alt={t('symbolAlt', { name: nameOf(code) })} />
            <b>{nameOf(code)}</b>
            <span className={style.small}>{url}</span>
            {code.expiresAt && (
              <span className="small t2">
                {t('ends')} <TimeText at={code.expiresAt} as="moment" />
              </span>
            )}
            {/* never on the same paper as the symbol */}
            {activation && (
              <span data-no-print="">
                {t('users:activation')} <b className="mono">{inFours(activation)}</b>
              </span>
            )}
            {letterPdf && (
              <Button
                data-no-print=""
                variant="default"
                size="compact-sm"
                leftSection={<Icon of={IconDownload} size={14} />}
                onClick={() => savePdf(letterPdf, `postern-${code.user?.username ?? code.label}.pdf`)}
              >
                {t('users:letterDownload')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
