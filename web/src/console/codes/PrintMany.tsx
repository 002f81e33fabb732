import { Button, Group, Modal, Stack } from '@mantine/core'
import type { SymbolFormat } from '@postern/contract'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFocusBack } from '../../ui/focus-back.ts'
import { NothingFits } from '../../ui/NothingFits.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useBulk } from '../bulk/bulk.ts'
import { Formats } from '../bulk/Formats.tsx'
import { type Many, split, which } from './many.ts'
import { authenticates } from './words.ts'

/** The symbols of what is selected and can be drawn again, as a job whose zip is fetched once. Nothing of the codes changes. */
export const PrintMany = ({ many, onClose }: { many: Many; onClose: (acted: boolean) => void }) => {
  const { t } = useTranslation(['codes', 'common'])
  useFocusBack()
  const navigate = useNavigate()
  const [symbols, setSymbols] = useState<SymbolFormat[]>(['png', 'pdf'])
  const job = useBulk(() => {
    onClose(true)
    void navigate({ to: '/bulk' })
  })
  const { taken, count, left } = split(many, ({ kind }) => !authenticates(kind))
  if (count === 0)
    return (
      <NothingFits title={t('many.printNothing')} onClose={() => onClose(false)}>
        {t('many.printNone', { count: left })}
      </NothingFits>
    )
  const ready = symbols.length > 0
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      title={t('many.printAsk', { count })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          if (ready) job.mutate({ action: 'print', ...which(taken, many), symbols })
        }}
      >
        <Stack gap="md">
          <p>{t('many.printText')}</p>
          {left > 0 && <p className="t2">{t('many.printCannot', { count: left })}</p>}
          <Formats value={symbols} onChange={setSymbols} />
          {job.error ? <Refused error={job.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={() => onClose(false)} data-autofocus>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={job.isPending} disabled={!ready}>
              {t('many.printVerb', { count })}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
