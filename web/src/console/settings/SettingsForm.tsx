import { Button } from '@mantine/core'
import { type CallIn, type CallRefused, changedSettings, type Endpoint } from '@postern/contract'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { LeaveGuard } from '../../ui/LeaveGuard.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, type useCall } from '../calls.ts'
import style from './Settings.module.css'

/** Settings as they were read: what an editor may change, and the version that it then names. */
export type Latest<S> = { stored: S; version: number; etag: string | undefined }
export type Draft<S> = {
  now: S
  stored: S
  change: (part: Partial<S>) => void
  changed: (keyof S & string)[]
  /** What was refused, by the field’s path. */
  errors: Record<string, string>
  error: CallRefused | null
}

/** The bar lies over the end of the page: what has the focus is scrolled clear of it, now and while one goes on. */
const keepClear = (bar: HTMLElement | null) => {
  if (!bar) return
  const root = document.documentElement
  const sized = new ResizeObserver(() => {
    root.style.scrollPaddingBottom = `${bar.offsetHeight + 8}px`
    if (!bar.contains(document.activeElement)) document.activeElement?.scrollIntoView({ block: 'nearest' })
  })
  sized.observe(bar)
  return () => {
    sized.disconnect()
    root.style.scrollPaddingBottom = ''
  }
}

/**
 * A page of settings. What is typed stays until it is saved, against the state it was typed on; what others save meanwhile is
 * shown beside it. `namePart`: what a setting is called in “changed: …”; `ownWords`: the page itself says what was refused.
 */
export const SettingsForm = <S extends object>({
  title,
  below,
  latest,
  put,
  refreshes,
  onReload,
  namePart,
  ownWords,
  children,
}: {
  title: string
  below: string
  latest: Latest<S>
  put: Endpoint
  refreshes: Endpoint | Endpoint[]
  onReload: () => void
  namePart: (name: keyof S & string) => string
  ownWords?: (draft: Draft<S>) => boolean
  children: (draft: Draft<S>) => ReactNode
}) => {
  const { t } = useTranslation(['settings', 'common'])
  const [typed, setTyped] = useState<Partial<S>>({})
  // Kept from the first change on: a later answer must not slip a newer tag under what was typed against an older state.
  const [held, setHeld] = useState<Latest<S>>()
  const { stored, version, etag } = held ?? latest
  const now: S = { ...stored, ...typed }
  const start = () => {
    setTyped({})
    setHeld(undefined)
  }
  const save = useAction(put, {
    refreshes,
    ifMatch: etag,
    onDone: (saved) => {
      start()
      // what was typed is another way to write what stood there
      toast(t((saved as { version: number }).version === version ? 'savedNothing' : 'saved'))
    },
  })
  const change = (part: Partial<S>) => {
    setHeld((before) => before ?? latest)
    setTyped((before) => ({ ...before, ...part }))
    if (save.error) save.reset()
  }
  const changed = changedSettings(stored, now)
  const named = (names: readonly (keyof S & string)[]) => names.map(namePart).join(', ')
  const draft: Draft<S> = { now, stored, change, changed, errors: fieldErrors(save.error), error: save.error }
  const shown = save.error?.problem.code === 'precondition-failed' || (ownWords?.(draft) ?? false)
  return (
    <Page title={title} below={below}>
      <div className={style.wide}>
        {save.error && !shown && <Refused error={save.error} />}
        {latest.version !== version && (
          <Note
            tone="warn"
            title={t('changedTitle')}
            action={
              <Button
                variant="default"
                onClick={() => {
                  setHeld(latest)
                  setTyped(Object.fromEntries(changed.map((name) => [name, typed[name]])) as Partial<S>)
                  save.reset()
                }}
              >
                {t('changedGoOn')}
              </Button>
            }
          >
            {t('changedText', { parts: named(changedSettings(stored, latest.stored)) })}
          </Note>
        )}
        {children(draft)}
      </div>
      {changed.length > 0 && (
        <div className={style.bar} ref={keepClear} data-unsaved>
          <span>{t('unsaved', { parts: named(changed) })}</span>
          <Button variant="default" onClick={start}>
            {t('undo')}
          </Button>
          <Button
            loading={save.isPending}
            onClick={() =>
              save.mutate(now as CallIn<Endpoint>, {
                onError: ({ problem }) => void (problem.code === 'precondition-failed' && onReload()),
              })
            }
          >
            {t('common:save')}
          </Button>
        </div>
      )}
      <LeaveGuard when={changed.length > 0} />
    </Page>
  )
}

/** Until the settings are there: a skeleton, or why they are not. */
export const NotYet = ({
  title,
  settings,
}: {
  title: string
  settings: Pick<ReturnType<typeof useCall>, 'error' | 'refetch'>
}) => (
  <Page title={title}>
    {settings.error ? <Refused error={settings.error} onRetry={() => void settings.refetch()} /> : <Loading lines={8} />}
  </Page>
)
