import { Button, Group, Select, Stack } from '@mantine/core'
import type { AuthenticationSettings } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { algorithmName } from '../../ui/fours.ts'
import { Note } from '../../ui/Note.tsx'
import { Section } from '../../ui/Page.tsx'
import { isUsualKey } from '../../ui/usual-key.ts'
import { AppsTable } from '../enrol/AppsTable.tsx'
import type { Part } from './parts.tsx'
import style from './Settings.module.css'

/** What new keys are made of. Anything but the usual stands behind a warning with its reasons: what four apps do with it. */
export const KindOfKeys = ({ now, change, operator }: Part) => {
  const { t } = useTranslation('settings')
  const { algorithm, digits, periodSeconds } = now.totp
  const usual = isUsualKey(now.totp)
  const [opened, setOpened] = useState(!usual)
  const set = (part: Partial<AuthenticationSettings['totp']>) => change({ totp: { ...now.totp, ...part } })
  return (
    <Section title={t('keys.title')}>
      <p className="t2">
        {t('keys.now', { algorithm: algorithmName(algorithm), digits, seconds: periodSeconds })}{' '}
        {usual ? t('keys.usual') : t('keys.unusual')}
      </p>
      {!opened && (
        <Button variant="default" mt="sm" aria-expanded={false} onClick={() => setOpened(true)}>
          {t(operator ? 'keys.other' : 'keys.look')}
        </Button>
      )}
      {opened && (
        <Stack gap="md" mt="sm">
          <Note tone="warn" title={t('keys.warnTitle')}>
            {t('keys.warnText')}
          </Note>
          <AppsTable />
          <Group gap="lg" align="flex-end">
            <Select
              className={style.field}
              label={t('keys.algorithm')}
              data={(['SHA1', 'SHA256', 'SHA512'] as const).map((value) => ({ value, label: algorithmName(value) }))}
              value={algorithm}
              disabled={!operator}
              allowDeselect={false}
              onChange={(value) => value && set({ algorithm: value as 'SHA1' })}
            />
            <Select
              className={style.field}
              label={t('keys.digits')}
              data={['6', '8']}
              value={String(digits)}
              disabled={!operator}
              allowDeselect={false}
              onChange={(value) => value && set({ digits: Number(value) as 6 })}
            />
            <Select
              className={style.field}
              label={t('keys.period')}
              data={['15', '30', '60']}
              value={String(periodSeconds)}
              disabled={!operator}
              allowDeselect={false}
              onChange={(value) => value && set({ periodSeconds: Number(value) as 30 })}
            />
          </Group>
        </Stack>
      )}
    </Section>
  )
}
