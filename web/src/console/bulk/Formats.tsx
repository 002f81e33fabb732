import { Checkbox, Group } from '@mantine/core'
import { type SymbolFormat, symbolFormats } from '@postern/contract'
import { useTranslation } from 'react-i18next'

/** Which files of each symbol a job puts into its zip. */
export const Formats = ({ value, onChange }: { value: readonly SymbolFormat[]; onChange: (formats: SymbolFormat[]) => void }) => {
  const { t } = useTranslation('bulk')
  return (
    <Checkbox.Group
      label={t('formats.label')}
      description={t('formats.text')}
      value={[...value]}
      onChange={(chosen) => onChange(symbolFormats.filter((format) => chosen.includes(format)))}
    >
      <Group gap="md" mt={6}>
        {symbolFormats.map((format) => (
          <Checkbox key={format} value={format} label={format.toUpperCase()} />
        ))}
      </Group>
    </Checkbox.Group>
  )
}
