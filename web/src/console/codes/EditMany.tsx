import { Button, Checkbox, Group, Modal, Stack } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { NothingFits } from '../../ui/NothingFits.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { BrandPicker } from '../brands/BrandPicker.tsx'
import { useBulk } from '../bulk/bulk.ts'
import style from './Codes.module.css'
import { destinationOf, isFilled, typedOf } from './destinations.ts'
import { useFieldWords } from './field-words.ts'
import { DestinationFields, instantIn, PersonField, type Somebody, TermsFields, type TypedTerms } from './fields.tsx'
import { type Many, split, which } from './many.ts'
import { canEdit } from './words.ts'

/** What many codes can have in common. */
const fields = ['destination', 'expiresAt', 'notBefore', 'scanLimit', 'owner', 'brand'] as const
type Field = (typeof fields)[number]

/** One change to everything that is selected, as a job: only what is ticked is set, the rest of each code stays. */
export const EditMany = ({ many, onClose }: { many: Many; onClose: (acted: boolean) => void }) => {
  const { t } = useTranslation(['codes', 'common'])
  useFocusBack()
  const navigate = useNavigate()
  const words = useFieldWords()
  const [ticked, setTicked] = useState<readonly Field[]>([])
  const [destination, setDestination] = useState(() => typedOf(null))
  const [terms, setTerms] = useState<TypedTerms>({ notBefore: '', expiresAt: '', scanLimit: '' })
  const [owner, setOwner] = useState<Somebody | null>(null)
  const [brand, setBrand] = useState<string | null>(null)
  const job = useBulk(() => {
    onClose(true)
    void navigate({ to: '/bulk' })
  })
  const { taken, count, left } = split(many, canEdit)
  const errors = Object.fromEntries(
    Object.entries(fieldErrors(job.error)).map(([path, said]) => [path.replace(/^change\./, ''), said]),
  )
  const onTerms = (part: Partial<TypedTerms>) => setTerms((was) => ({ ...was, ...part }))
  const term = (has: keyof TypedTerms) => (
    <TermsFields value={terms} onChange={onTerms} errors={errors} has={(each) => each === has} />
  )
  const inputs: Record<Field, { value: unknown; input: ReactNode }> = {
    destination: {
      value: destinationOf(destination),
      input: (
        <DestinationFields
          value={destination}
          onChange={(part) => setDestination((was) => ({ ...was, ...part }))}
          errors={errors}
        />
      ),
    },
    expiresAt: { value: instantIn(terms.expiresAt), input: term('expiresAt') },
    notBefore: { value: instantIn(terms.notBefore), input: term('notBefore') },
    scanLimit: { value: terms.scanLimit === '' ? null : Number(terms.scanLimit), input: term('scanLimit') },
    owner: {
      value: owner?.id ?? null,
      input: (
        <PersonField
          label={t('owner')}
          description={t('many.ownerEmpty')}
          value={owner}
          onChange={setOwner}
          error={errors.owner}
        />
      ),
    },
    brand: { value: brand, input: <BrandPicker value={brand} onChange={setBrand} error={errors.brand} /> },
  }
  if (count === 0)
    return (
      <NothingFits title={t('many.editNothing')} onClose={() => onClose(false)}>
        {t('many.editNone', { count: left })}
      </NothingFits>
    )
  const ready = ticked.length > 0 && (!ticked.includes('destination') || isFilled(destination))
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      size={560}
      closeOnClickOutside={ticked.length === 0}
      title={t('many.editAsk', { count })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form
        noValidate
        onSubmit={(submit) => {
          submit.preventDefault()
          if (!ready) return
          const change = Object.fromEntries(ticked.map((field) => [field, inputs[field].value]))
          job.mutate({ action: 'edit', ...which(taken, many), change })
        }}
      >
        <Stack gap="md">
          <p className="t2">{t('many.editText')}</p>
          {left > 0 && <p className="t2">{t('many.editCannot', { count: left })}</p>}
          <Stack gap="sm">
            {fields.map((field) => (
              <div key={field}>
                <Checkbox
                  label={words.name(field)}
                  checked={ticked.includes(field)}
                  onChange={(click) => {
                    const now = click.currentTarget.checked
                    setTicked((was) => (now ? [...was, field] : was.filter((each) => each !== field)))
                    if (job.error) job.reset()
                  }}
                />
                {ticked.includes(field) && <div className={style.ticked}>{inputs[field].input}</div>}
              </div>
            ))}
          </Stack>
          {job.error && Object.keys(errors).length === 0 ? <Refused error={job.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={() => onClose(false)} data-autofocus>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={job.isPending} disabled={!ready}>
              {t('many.editVerb', { count })}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
