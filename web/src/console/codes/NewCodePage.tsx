import { Button, Group, Radio, Stack, TextInput } from '@mantine/core'
import { countCodes, createCode, getCodeSettings, listCodes } from '@postern/contract'
import { Link, useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { LeaveGuard } from '../../ui/LeaveGuard.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { BrandPicker } from '../brands/BrandPicker.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay, useSession } from '../session.ts'
import style from './Codes.module.css'
import { destinationOf, isFilled, typedOf } from './destinations.ts'
import { DestinationFields, instantIn, PersonField, type Somebody, TermsFields, type TypedTerms } from './fields.tsx'

/** As people ask for them. A static code is the last, and never where one begins. */
const wishes = ['url', 'text', 'platform', 'person', 'static'] as const
type Wish = (typeof wishes)[number]

/** Issues a code: what somebody wants of it, in plain sentences; then where it leads, and its terms. */
export default function NewCodePage() {
  const { t } = useTranslation(['codes', 'common'])
  const crumb = <Link to="/codes">{t('title')}</Link>
  const may = useMay('operator')
  if (may) return <Form crumb={crumb} />
  return (
    <Page title={t('new.issue')} crumb={crumb}>
      <Note tone="warn" title={t('new.notAllowed')}>
        {t('new.notAllowedText')}
      </Note>
    </Page>
  )
}

const Form = ({ crumb }: { crumb: React.ReactNode }) => {
  const { t } = useTranslation(['codes', 'common'])
  const navigate = useNavigate()
  const { user } = useSession()
  const [wish, setWish] = useState<Wish>('url')
  const [label, setLabel] = useState('')
  const [destination, setDestination] = useState(() => typedOf(null))
  const [chosenHold, setFixed] = useState<'text' | 'url'>('text')
  const [terms, setTerms] = useState<TypedTerms>({ notBefore: '', expiresAt: '', scanLimit: '' })
  const [owner, setOwner] = useState<Somebody | null>(user)
  const [brand, setBrand] = useState<string | null>(null)
  const [person, setPerson] = useState<Somebody | null>(null)
  const settings = useCall(getCodeSettings, {}).data
  const staticHosts = settings?.staticHosts ?? []
  const fixed = settings?.staticText === false ? 'url' : staticHosts.length === 0 ? 'text' : chosenHold
  const mayBeStatic = settings !== undefined && (settings.staticText || staticHosts.length > 0)
  const issued = useRef(false)
  const create = useAction(createCode, {
    refreshes: [listCodes, countCodes],
    onDone: ({ id }) => {
      issued.current = true
      toast(t('new.done'))
      void navigate({ to: '/codes/$id', params: { id } })
    },
  })
  const errors = fieldErrors(create.error)
  const isStatic = wish === 'static'
  const leads = { ...destination, type: isStatic ? fixed : wish === 'person' ? 'url' : wish }
  const dirty = label !== '' || isFilled(leads) || person !== null
  const change =
    <T,>(set: (before: (was: T) => T) => void) =>
    (part: Partial<T>) => {
      set((was) => ({ ...was, ...part }))
      if (create.error) create.reset()
    }
  const submit = () => {
    if (wish === 'person') {
      issued.current = true
      if (person) void navigate({ to: '/users/$id', params: { id: person.id }, search: { enrol: 'now' } as never })
      return
    }
    const [notBefore, expiresAt] = [instantIn(terms.notBefore), instantIn(terms.expiresAt)]
    create.mutate({
      kind: isStatic ? 'static' : 'link',
      label,
      destination: destinationOf(leads),
      ...(isStatic
        ? {}
        : {
            ...(notBefore ? { notBefore } : {}),
            ...(expiresAt ? { expiresAt } : {}),
            ...(terms.scanLimit === '' ? {} : { scanLimit: Number(terms.scanLimit) }),
          }),
      ...(owner ? { owner: owner.id } : {}),
      ...(brand ? { brand } : {}),
    })
  }
  return (
    <Page title={t('new.issue')} crumb={crumb} error={Object.keys(errors).length > 0 ? undefined : create.error}>
      <form
        className={style.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <Stack gap="lg">
          <Radio.Group label={t('new.wish')} value={wish} onChange={(chosen) => setWish(chosen as Wish)}>
            <Stack gap={0} mt="xs" className={style.wishes}>
              {wishes.map((each) => (
                <Radio
                  key={each}
                  value={each}
                  label={t(`wish.${each}.name`)}
                  description={each === 'static' && settings && !mayBeStatic ? t('wish.staticOff') : t(`wish.${each}.text`)}
                  disabled={each === 'static' && !mayBeStatic}
                />
              ))}
            </Stack>
          </Radio.Group>
          {wish === 'person' ? (
            <PersonField label={t('new.person')} description={t('new.personWhy')} value={person} onChange={setPerson} />
          ) : (
            <>
              {isStatic && (
                <Note
                  tone="warn"
                  title={t('new.staticTitle')}
                  action={
                    <Button variant="default" onClick={() => setWish(fixed)}>
                      {t('new.staticInstead')}
                    </Button>
                  }
                >
                  {t('new.staticText')}
                </Note>
              )}
              <TextInput
                label={t('label')}
                description={t('new.labelWhy')}
                required
                maxLength={200}
                autoComplete="off"
                value={label}
                error={errors.label}
                onChange={(typing) => {
                  setLabel(typing.currentTarget.value)
                  if (create.error) create.reset()
                }}
              />
              {isStatic && (
                <Radio.Group label={t('new.holds')} value={fixed} onChange={(chosen) => setFixed(chosen as 'text' | 'url')}>
                  <Stack gap="xs" mt="xs">
                    <Radio
                      value="text"
                      label={t('new.holdsText')}
                      disabled={!settings?.staticText}
                      description={settings?.staticText ? undefined : t('new.holdsTextOff')}
                    />
                    <Radio
                      value="url"
                      label={t('new.holdsUrl')}
                      disabled={staticHosts.length === 0}
                      description={
                        staticHosts.length > 0 ? t('new.holdsUrlOn', { hosts: staticHosts.join(', ') }) : t('new.holdsUrlOff')
                      }
                    />
                  </Stack>
                </Radio.Group>
              )}
              <DestinationFields value={leads} fixed={isStatic} onChange={change(setDestination)} errors={errors} />
              {!isStatic && <TermsFields value={terms} onChange={change(setTerms)} errors={errors} has={() => true} />}
              <PersonField
                label={t('owner')}
                description={t('new.ownerWhy')}
                value={owner}
                onChange={setOwner}
                error={errors.owner}
              />
              <BrandPicker value={brand} onChange={setBrand} error={errors.brand} />
            </>
          )}
          <Group gap="sm">
            <Button type="submit" loading={create.isPending} disabled={wish === 'person' && person === null}>
              {wish === 'person' ? t('new.toPerson') : t('new.issue')}
            </Button>
            <Button component={Link} to="/codes" variant="default">
              {t('common:cancel')}
            </Button>
          </Group>
        </Stack>
      </form>
      <LeaveGuard when={dirty} unless={() => issued.current} />
    </Page>
  )
}
