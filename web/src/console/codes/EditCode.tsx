import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { type Code, type EditableField, getCode, updateCode } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useAction, useCall } from '../calls.ts'
import { changedByEdit, toldWithUndo } from './change-code.ts'
import { destinationOf, isFilled, sameDestination, type TypedDestination, typedOf } from './destinations.ts'
import { useFieldWords } from './field-words.ts'
import { DestinationFields, instantIn, PersonField, type Somebody, TermsFields, type TypedTerms, termsOf } from './fields.tsx'
import { authenticates, editable } from './words.ts'

type Typed = TypedTerms & { label: string; owner: Somebody | null; destination: TypedDestination }
const typedFrom = (code: Code): Typed => ({
  label: code.label,
  owner: code.owner,
  destination: typedOf(code.destination),
  ...termsOf(code),
})
/** What differs between what is typed and a code, as the API takes it. */
const changesOf = (typed: Typed, code: Code) => {
  const before = typedFrom(code)
  const destination = code.destination && destinationOf(typed.destination)
  return {
    ...(typed.label.trim() === before.label ? {} : { label: typed.label }),
    ...(destination && !sameDestination(destination, code.destination) ? { destination } : {}),
    ...(typed.notBefore === before.notBefore ? {} : { notBefore: instantIn(typed.notBefore) }),
    ...(typed.expiresAt === before.expiresAt ? {} : { expiresAt: instantIn(typed.expiresAt) }),
    ...(typed.scanLimit === before.scanLimit ? {} : { scanLimit: typed.scanLimit === '' ? null : Number(typed.scanLimit) }),
    ...(typed.owner?.id === before.owner?.id ? {} : { owner: typed.owner?.id ?? null }),
  }
}

/**
 * Where a code leads, or the rest of what its kind lets be changed, against the state that the dialogue opened with. Where
 * somebody else saved meanwhile, both states are shown, and what was typed stays until its person decides.
 */
export const EditCode = ({
  code,
  etag,
  part,
  onClose,
}: {
  code: Code
  etag: string | undefined
  part: 'destination' | 'terms'
  onClose: () => void
}) => {
  const { t } = useTranslation(['codes', 'common'])
  useFocusBack()
  // Kept from the opening on: a later answer must not slip a newer tag under what was typed against an older state.
  const [base, setBase] = useState({ code, etag })
  const [typed, setTyped] = useState(() => typedFrom(code))
  const latest = useCall(getCode, { id: code.id })
  const words = useFieldWords()
  const save = useAction(updateCode, {
    refreshes: changedByEdit,
    ifMatch: base.etag,
    onDone: (saved) => {
      toldWithUndo(saved, base.code)
      onClose()
    },
  })
  const errors = fieldErrors(save.error)
  const changes = changesOf(typed, base.code)
  const changed = Object.keys(changes) as EditableField[]
  const problem = save.error?.problem.code
  const now = latest.data
  const newer = now && now.version !== base.code.version ? now : undefined
  const theirs = newer ? (Object.keys(changesOf(typedFrom(newer), base.code)) as EditableField[]) : []
  const change = (more: Partial<Typed>) => {
    setTyped((was) => ({ ...was, ...more }))
    if (save.error) save.reset()
  }
  const has = (field: EditableField) => part === 'terms' && field !== 'destination' && editable[code.kind].includes(field)
  const goOn = () => {
    if (!newer) return
    // What was not touched here takes what is saved; what was, stays as typed.
    setTyped((was) => ({ ...typedFrom(newer), ...Object.fromEntries(changed.map((name) => [name, was[name as keyof Typed]])) }))
    setBase({ code: newer, etag: latest.etag })
    save.reset()
  }
  const shown = Object.keys(errors).some((path) => path.startsWith('destination') === (part === 'destination'))
  return (
    <Modal
      opened
      onClose={onClose}
      size={560}
      closeOnClickOutside={changed.length === 0}
      title={t(part === 'destination' ? 'edit.destination' : 'edit.title')}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form
        noValidate
        onSubmit={(submit) => {
          submit.preventDefault()
          if (changed.length === 0) return onClose()
          save.mutate(
            { id: code.id, ...changes },
            { onError: ({ problem }) => void (problem.code === 'precondition-failed' && latest.refetch()) },
          )
        }}
      >
        <Stack gap="md">
          {problem === 'precondition-failed' && (
            <Note
              tone="warn"
              title={t('edit.changedTitle')}
              action={
                <Button variant="default" loading={latest.isFetching} disabled={!newer} onClick={goOn}>
                  {t('edit.changedGoOn')}
                </Button>
              }
            >
              {t('edit.changedText')}
              <ul>
                {newer &&
                  theirs.map((field) => (
                    <li key={field}>
                      {t('edit.changedBoth', {
                        field: words.name(field),
                        saved: words.value(field, newer),
                        before: words.value(field, base.code),
                      })}
                    </li>
                  ))}
              </ul>
            </Note>
          )}
          {part === 'destination' ? (
            <>
              <p className="t2">{t('edit.destinationText')}</p>
              <DestinationFields
                value={typed.destination}
                errors={errors}
                focus
                onChange={(more) => change({ destination: { ...typed.destination, ...more } })}
              />
            </>
          ) : (
            <>
              {/* what authenticates is called after its person */}
              {!authenticates(code.kind) && (
                <TextInput
                  label={t('label')}
                  maxLength={200}
                  required
                  value={typed.label}
                  error={errors.label}
                  onChange={(typing) => change({ label: typing.currentTarget.value })}
                  data-autofocus
                />
              )}
              {has('owner') && (
                <PersonField
                  label={t('owner')}
                  value={typed.owner}
                  error={errors.owner}
                  onChange={(owner) => change({ owner })}
                />
              )}
              <TermsFields value={typed} errors={errors} has={has} onChange={change} soon={authenticates(code.kind)} />
            </>
          )}
          {save.error && problem !== 'precondition-failed' && !shown ? <Refused error={save.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button
              type="submit"
              loading={save.isPending}
              disabled={
                problem === 'precondition-failed' ||
                typed.label.trim() === '' ||
                (part === 'destination' && !isFilled(typed.destination))
              }
            >
              {t('common:save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
