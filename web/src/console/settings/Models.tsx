import { TagsInput, Textarea } from '@mantine/core'
import { type Out, passkeyModels } from '@postern/contract'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useCall } from '../calls.ts'
import style from './Settings.module.css'

type Known = Out<typeof passkeyModels>['items'][number]

/** By AAGUID or by name: what was typed or pasted as AAGUIDs. */
const aaguidsIn = (typed: string, known: readonly Known[]): string[] => {
  const text = typed.trim().toLowerCase()
  const named = known.filter(({ name }) => name.toLowerCase() === text)
  return named.length > 0 ? named.map(({ aaguid }) => aaguid) : text.split(/\s+/).filter(Boolean)
}

/** The models that may register. Each is told by its name, and whether it can prove here that it is what it says. */
export const Models = ({
  value,
  disabled,
  error,
  onChange,
}: {
  value: string[]
  disabled: boolean
  error: ReactNode
  onChange: (models: string[]) => void
}) => {
  const { t } = useTranslation('settings')
  const { data } = useCall(passkeyModels, {})
  const known = data?.items ?? []
  const listed = value.map((aaguid) => ({ aaguid, ...known.find((each) => each.aaguid === aaguid) }))
  const unproven = listed.filter(({ provable }) => !provable)
  return (
    <>
      <TagsInput
        mt="lg"
        className={style.hosts}
        label={t('devices.models.label')}
        description={`${t('devices.models.text')} ${t('devices.default', { value: t('devices.models.any') })}`}
        placeholder={value.length === 0 ? t('devices.models.any') : ''}
        splitChars={[',', ';']}
        acceptValueOnBlur
        maxTags={500}
        disabled={disabled}
        data={known
          .filter(({ aaguid }) => !value.includes(aaguid))
          .map(({ aaguid, name }) => ({ value: aaguid, label: `${name} ${aaguid}` }))}
        renderOption={({ option }) => (
          <Named {...known.find(({ aaguid }) => aaguid === option.value)} aaguid={String(option.value)} />
        )}
        value={value}
        error={error}
        onChange={(typed) => onChange([...new Set(typed.flatMap((each) => aaguidsIn(each, known)))])}
      />
      {data && value.length > 0 && (
        <>
          <ul className={style.models} aria-label={t('devices.models.listed')}>
            {listed.map((model) => (
              <li key={model.aaguid}>
                <Named {...model} />
              </li>
            ))}
          </ul>
          {unproven.length > 0 && (
            <Note tone="warn" title={t(unproven.length === listed.length ? 'devices.models.nobody' : 'devices.models.some')}>
              {t('devices.models.unprovable', { formats: data.formats.join(', ') })}
            </Note>
          )}
        </>
      )}
    </>
  )
}

/** Root certificates of makers, beside those that are there anyway. What is saved is told by name. */
export const Roots = ({
  value,
  disabled,
  error,
  onChange,
}: {
  value: string
  disabled: boolean
  error: ReactNode
  onChange: (roots: string) => void
}) => {
  const { t } = useTranslation('settings')
  const { data } = useCall(passkeyModels, {})
  return (
    <>
      <Textarea
        mt="lg"
        className={style.hosts}
        classNames={{ input: style.roots ?? '' }}
        label={t('devices.roots.label')}
        description={`${t('devices.roots.text')} ${t('devices.default', { value: t('devices.none') })}`}
        placeholder="-----BEGIN CERTIFICATE-----"
        autosize
        minRows={3}
        maxRows={12}
        spellCheck={false}
        disabled={disabled}
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {data && data.roots.length > 0 && (
        <ul className={style.models} aria-label={t('devices.roots.held')}>
          {data.roots.map(({ name, fingerprint, until }) => (
            <li key={fingerprint} className={style.model}>
              <span>{name}</span>
              <code>{fingerprint.slice(0, 23)}…</code>
              <span className="t3">
                {t('devices.roots.until')} <TimeText at={until} as="moment" />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

const Named = ({ aaguid, name, provable }: { aaguid: string } & Partial<Known>) => {
  const { t } = useTranslation('settings')
  return (
    <span className={style.model}>
      <span>{name ?? t('devices.models.unknown')}</span>
      <code>{aaguid}</code>
      <StateBadge look={provable ? 'active' : 'caution'}>
        {t(provable ? 'devices.models.provable' : name ? 'devices.models.notProvable' : 'devices.models.unsure')}
      </StateBadge>
    </span>
  )
}
