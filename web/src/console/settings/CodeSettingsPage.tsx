import { NumberInput, Radio, Stack, Switch, TagsInput } from '@mantine/core'
import { type CodeSettings, getCodeSettings, putCodeSettings } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { Section } from '../../ui/Page.tsx'
import { useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import style from './Settings.module.css'
import { type Draft, NotYet, SettingsForm } from './SettingsForm.tsx'

const kept = ['full', 'truncated', 'none'] as const

/** Settings → Codes: where links may lead, what may be static, and what is kept of a scan. */
export default function CodeSettingsPage() {
  const { t } = useTranslation('settings')
  const settings = useCall(getCodeSettings, {})
  if (!settings.data) return <NotYet title={t('codes.title')} settings={settings} />
  const { version, ...stored } = settings.data
  return (
    <SettingsForm<CodeSettings>
      title={t('codes.title')}
      below={t('codes.below')}
      latest={{ stored, version, etag: settings.etag }}
      put={putCodeSettings}
      refreshes={getCodeSettings}
      onReload={() => void settings.refetch()}
      namePart={(name) => t(`codes.part.${name}`)}
      ownWords={({ errors }) => Object.keys(errors).length > 0}
    >
      {(draft) => <Parts {...draft} />}
    </SettingsForm>
  )
}

const Parts = ({ now, change, errors }: Draft<CodeSettings>) => {
  const { t } = useTranslation('settings')
  const may = useMay('operator')
  const hosts = (name: 'linkHosts' | 'staticHosts', empty: string) => (
    <TagsInput
      className={style.hosts}
      label={t(`codes.${name}.label`)}
      description={t(`codes.${name}.text`)}
      placeholder={now[name].length === 0 ? empty : ''}
      splitChars={[',', ' ', ';']}
      clearButtonProps={{ 'aria-label': t('codes.removeAll') }}
      acceptValueOnBlur
      maxTags={200}
      disabled={!may}
      value={now[name]}
      error={errors[name]}
      onChange={(value) => change({ [name]: value.map((host) => host.trim().toLowerCase()).filter((host) => host !== '') })}
    />
  )
  return (
    <>
      {!may && <Note title={t('readOnly')}>{t('codes.readOnlyText')}</Note>}
      <Section title={t('codes.linkHosts.title')}>
        <p className={style.sentence}>
          {now.linkHosts.length === 0 ? t('codes.linkHosts.any') : t('codes.linkHosts.some', { count: now.linkHosts.length })}
        </p>
        {hosts('linkHosts', t('codes.linkHosts.anyShort'))}
      </Section>
      <Section title={t('codes.static.title')}>
        <p className="t2">{t('codes.static.text')}</p>
        <Switch
          mt="sm"
          label={t('codes.static.label')}
          description={t('codes.static.why')}
          checked={now.staticText}
          disabled={!may}
          onChange={(click) => change({ staticText: click.currentTarget.checked })}
        />
        {hosts('staticHosts', t('codes.staticHosts.none'))}
      </Section>
      <Section title={t('codes.scans.title')}>
        <Radio.Group
          label={t('codes.scans.label')}
          description={t('codes.scans.text')}
          value={now.scanAddresses}
          onChange={(value) => change({ scanAddresses: value as (typeof kept)[number] })}
        >
          <Stack gap="xs" mt="xs">
            {kept.map((each) => (
              <Radio
                key={each}
                value={each}
                label={t(`codes.scans.${each}.name`)}
                description={t(`codes.scans.${each}.text`)}
                disabled={!may}
              />
            ))}
          </Stack>
        </Radio.Group>
        <NumberInput
          className={style.field}
          label={t('codes.scans.days')}
          description={t('codes.scans.daysText')}
          min={1}
          max={3650}
          allowDecimal={false}
          allowNegative={false}
          disabled={!may}
          value={now.scanRetentionDays ?? ''}
          error={errors.scanRetentionDays}
          onChange={(value) => change({ scanRetentionDays: value === '' ? null : Number(value) })}
        />
      </Section>
    </>
  )
}
