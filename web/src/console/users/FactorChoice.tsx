import { Radio, Stack } from '@mantine/core'
import type { EnrolFactor } from '@postern/contract'
import { useTranslation } from 'react-i18next'

/** What a code for a person sets up. */
export const FactorChoice = ({ value, onChange }: { value: EnrolFactor; onChange: (factor: EnrolFactor) => void }) => {
  const { t } = useTranslation('users')
  return (
    <Radio.Group label={t('what')} value={value} onChange={(chosen) => onChange(chosen as EnrolFactor)}>
      <Stack gap={4} mt={4}>
        <Radio value="device" label={t('whatDevice')} description={t('whatDeviceText')} />
        <Radio value="totp" label={t('whatTotp')} description={t('whatTotpText')} />
      </Stack>
    </Radio.Group>
  )
}
