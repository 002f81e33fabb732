import { Button, Menu, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon.tsx'
import { IconWorld } from './icons.ts'
import { setPreferences, usePreferences } from './preferences.ts'

const languages = { en: 'English', pl: 'Polski' } as const

/** The quiet button on public pages. */
export const LanguageMenu = () => {
  const { t, i18n } = useTranslation()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          leftSection={<Icon of={IconWorld} size={14} />}
          aria-label={t('language.choose', { language: languages[i18n.language as 'en'] ?? languages.en })}
          styles={{ root: { color: 'var(--text-2)' } }}
        >
          {languages[i18n.language as 'en'] ?? languages.en}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(languages).map(([code, name]) => (
          <Menu.Item key={code} lang={code} onClick={() => i18n.changeLanguage(code)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export const LanguageChoice = () => {
  const { t, i18n } = useTranslation()
  return (
    <SegmentedControl
      aria-label={t('language.label')}
      value={i18n.language}
      onChange={(language) => i18n.changeLanguage(language)}
      data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
    />
  )
}
export const SchemeChoice = () => {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      aria-label={t('scheme.label')}
      value={colorScheme}
      onChange={(scheme) => setColorScheme(scheme as 'auto')}
      data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(`scheme.${value}`) }))}
    />
  )
}
export const DensityChoice = () => {
  const { t } = useTranslation()
  const { density } = usePreferences()
  return (
    <SegmentedControl
      aria-label={t('density.label')}
      value={density}
      onChange={(chosen) => setPreferences({ density: chosen as 'compact' })}
      data={(['compact', 'comfortable'] as const).map((value) => ({ value, label: t(`density.${value}`) }))}
    />
  )
}
export const ZoneChoice = () => {
  const { t } = useTranslation()
  const { utc } = usePreferences()
  return (
    <SegmentedControl
      aria-label={t('zone.label')}
      value={utc ? 'utc' : 'local'}
      onChange={(chosen) => setPreferences({ utc: chosen === 'utc' })}
      data={[
        { value: 'local', label: t('zone.local') },
        { value: 'utc', label: 'UTC' },
      ]}
    />
  )
}
