import { Button, Group, Stack } from '@mantine/core'
import {
  type BulkJob,
  type CsvImport,
  type codeColumns,
  type Endpoint,
  getBulkJob,
  type Out,
  type SymbolFormat,
  type userColumns,
} from '@postern/contract'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconDownload } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { useAction, useCall } from '../calls.ts'
import { isOpen, jobLook } from './bulk.ts'
import { FileDrop } from './FileDrop.tsx'
import { Formats } from './Formats.tsx'
import style from './Import.module.css'
import { Acts, Failed, Progress } from './JobParts.tsx'
import { Rows } from './Rows.tsx'

type What = 'users' | 'codes'
type Checked = Out<CsvImport>
type Picked = { name: string; csv: string }

/**
 * A file becomes people or codes: dropped, checked, shown as it will be, and only then begun. Good rows are not lost for bad
 * ones. What runs goes on when the page is left.
 */
export const ImportFile = ({
  what,
  endpoint,
  columns,
  crumb,
  refreshes,
}: {
  what: What
  endpoint: CsvImport
  columns: typeof userColumns | typeof codeColumns
  crumb: ReactNode
  refreshes: readonly Endpoint[]
}) => {
  const { t, i18n } = useTranslation(['bulk', 'common'])
  const [picked, setPicked] = useState<Picked>()
  const [checked, setChecked] = useState<Checked>()
  const [started, setStarted] = useState<string>()
  const [symbols, setSymbols] = useState<SymbolFormat[]>(['png', 'pdf'])
  const check = useAction(endpoint, { onDone: (answer) => setChecked(answer) })
  const run = useAction(endpoint, { refreshes, onDone: ({ id }) => setStarted(id) })
  const again = () => {
    for (const forget of [check.reset, run.reset]) forget()
    setPicked(undefined)
    setChecked(undefined)
    setStarted(undefined)
  }
  const pick = (file: Picked | undefined) => {
    check.reset()
    run.reset()
    setChecked(undefined)
    setPicked(file)
  }
  return (
    <Page title={t(`import.title.${what}`)} crumb={crumb}>
      {started ? (
        <Running id={started} what={what} onAgain={again} />
      ) : (
        <Stack gap="lg" className={style.steps}>
          {!checked && <Columns what={what} columns={columns} />}
          {!checked && <FileDrop picked={picked?.name} onPick={pick} />}
          {check.error && <Wrong error={check.error} />}
          {picked && !checked && (
            <Group gap="sm">
              <Button loading={check.isPending} onClick={() => check.mutate({ csv: picked.csv, dryRun: true })}>
                {t('import.check')}
              </Button>
            </Group>
          )}
          {picked && checked && (
            <>
              <Verdict of={checked} what={what} name={picked.name} />
              {checked.good > 0 && (what === 'codes' || checked.columns.includes('enrol')) && (
                <Formats value={symbols} onChange={setSymbols} />
              )}
              <Group gap="sm">
                {checked.good > 0 && (
                  <Button
                    loading={run.isPending}
                    onClick={() => run.mutate({ csv: picked.csv, symbols, language: i18n.language === 'pl' ? 'pl' : 'en' })}
                  >
                    {t(`import.run.${what}`, { count: checked.good })}
                  </Button>
                )}
                <Button variant="default" onClick={again}>
                  {t('import.another')}
                </Button>
              </Group>
              {run.error && <Wrong error={run.error} />}
              {checked.bad > 0 && (
                <Section title={t('import.wrongRows', { count: checked.bad })}>
                  <Rows rows={checked.errors} columns={checked.columns} />
                  {checked.bad > checked.errors.length && <p className="t3">{t('import.moreWrong')}</p>}
                </Section>
              )}
              <Section title={t('import.sample', { count: checked.sample.length })}>
                <Rows rows={checked.sample} columns={checked.columns} />
              </Section>
            </>
          )}
        </Stack>
      )}
    </Page>
  )
}

/** What is wrong with the file as a whole stands at it; what there are no words for here, in the server’s own. */
const Wrong = ({ error }: { error: unknown }) => {
  const { t, i18n } = useTranslation('bulk')
  const wrong = problemIn(error)?.errors?.find(({ path }) => path === 'csv')
  const known = wrong?.code && i18n.exists(`bulk:import.wrong.${wrong.code}`)
  return wrong ? (
    <Note tone="fail" title={t('import.unreadable')}>
      {known
        ? String(t(`import.wrong.${wrong.code}` as 'import.wrong.not-utf8', wrong.values as never))
        : t('import.theFile', { said: wrong.message })}
    </Note>
  ) : (
    <Refused error={error} />
  )
}

const Columns = ({ what, columns }: { what: What; columns: readonly string[] }) => {
  const { t } = useTranslation('bulk')
  const template = () => {
    const address = URL.createObjectURL(new Blob([`\ufeff${columns.join(',')}\r\n`], { type: 'text/csv' }))
    const link = document.createElement('a')
    link.href = address
    link.download = `${what}.csv`
    link.click()
    URL.revokeObjectURL(address)
  }
  return (
    <div>
      <p>{t(`import.text.${what}`)}</p>
      <dl className={style.columns}>
        {columns.map((column) => (
          <div key={column}>
            <dt>
              <code>{column}</code>
            </dt>
            <dd>{t(`import.column.${column as 'username'}`)}</dd>
          </div>
        ))}
      </dl>
      <Button variant="default" leftSection={<Icon of={IconDownload} size={14} />} onClick={template}>
        {t('import.template')}
      </Button>
    </div>
  )
}

const Verdict = ({ of: { good, bad }, what, name }: { of: Checked; what: What; name: string }) => {
  const { t } = useTranslation('bulk')
  return (
    <Note
      tone={bad === 0 ? 'ok' : good === 0 ? 'fail' : 'warn'}
      title={t('import.good', { count: good }) + (bad > 0 ? `, ${t('import.bad', { count: bad })}` : '')}
    >
      {name}. {t(bad === 0 ? `import.allGood.${what}` : good === 0 ? 'import.noneGood' : 'import.someGood')}
    </Note>
  )
}

const everyMs = 1_000
/** The job that the file became: how far, and at the end what was done and what was not. */
const Running = ({ id, what, onAgain }: { id: string; what: What; onAgain: () => void }) => {
  const { t } = useTranslation('bulk')
  const job = useCall(getBulkJob, { id }, { everyMs })
  if (job.error && !job.data) return <Refused error={job.error} onRetry={() => void job.refetch()} />
  if (!job.data) return <Loading lines={3} />
  const now: BulkJob = job.data
  return (
    <Stack gap="md" className={style.steps}>
      <div role="status">
        <StateBadge look={jobLook[now.state]} boxed>
          {t(`state.${now.state}`)}
        </StateBadge>
      </div>
      <Progress of={now} />
      <p>
        {isOpen(now)
          ? t('import.goesOn')
          : t(now.state === 'done' ? `import.done.${what}` : 'import.stopped', { count: now.done })}
      </p>
      {now.failed > 0 && (
        <div className={style.failed}>
          <Failed of={now} words /> <span>{t('import.mend')}</span>
        </div>
      )}
      <Group gap="sm" className={style.acts}>
        <Acts of={now} alone />
        {!isOpen(now) && (
          <Button variant="default" onClick={onAgain}>
            {t('import.another')}
          </Button>
        )}
      </Group>
    </Stack>
  )
}
