import { importBytes } from '@postern/contract'
import { type DragEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconFile } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import style from './Import.module.css'

/** One CSV file, dropped or chosen. What is too large, or no UTF-8, is said before anything is sent. */
export const FileDrop = ({
  picked,
  onPick,
}: {
  picked: string | undefined
  onPick: (file: { name: string; csv: string } | undefined) => void
}) => {
  const { t } = useTranslation('bulk')
  const [over, setOver] = useState(false)
  const [wrong, setWrong] = useState<'large' | 'not-utf8' | 'empty'>()
  const read = async (file: File | undefined) => {
    if (!file) return
    onPick(undefined)
    if (file.size > importBytes) return setWrong('large')
    try {
      const csv = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
      if (csv.trim() === '') return setWrong('empty')
      setWrong(undefined)
      onPick({ name: file.name, csv })
    } catch {
      setWrong('not-utf8')
    }
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    void read(event.dataTransfer.files[0])
  }
  return (
    <div>
      <label
        className={style.drop}
        data-over={over ? '' : undefined}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Icon of={IconFile} size={20} />
        <span>
          <b>{picked ?? t('import.drop')}</b>
          <span className="t3">{t(picked ? 'import.dropOther' : 'import.dropText')}</span>
        </span>
        <input
          type="file"
          accept=".csv,.tsv,.txt,text/csv"
          className="sr-only"
          aria-label={t('import.file')}
          onChange={(event) => {
            void read(event.currentTarget.files?.[0])
            // the same file can be chosen again after it was mended
            event.currentTarget.value = ''
          }}
        />
      </label>
      {wrong && (
        <Note tone="fail" title={t('import.unreadable')}>
          {t(`import.wrong.${wrong}`)}
        </Note>
      )}
    </div>
  )
}
