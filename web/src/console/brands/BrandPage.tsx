import { Button } from '@mantine/core'
import { type Brand, createBrand, getBrand, listBrands, listBrandVersions, listCodes, updateBrand } from '@postern/contract'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { UnreadPage } from '../../ui/UnreadPage.tsx'
import { queryClient, useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import style from './Brands.module.css'
import { Contexts } from './Contexts.tsx'
import { DesignFields } from './DesignFields.tsx'
import { useDraft } from './draft.ts'
import { KitSection } from './KitSection.tsx'
import { useLook } from './look.ts'
import { ProofPanel } from './ProofPanel.tsx'
import { Versions } from './Versions.tsx'

/** One brand kit: edited beside its symbol, which says at once whether it scans. */
export default function BrandPage() {
  const { t } = useTranslation(['brands', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const isNew = id === 'new'
  const may = useMay('operator')
  const { data: brand, error, refetch } = useCall(getBrand, { id }, { enabled: !isNew })
  const readAgain = () => {
    void refetch()
    return queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === listBrandVersions.path })
  }
  const crumb = <Link to="/brands">{t('title')}</Link>
  if (isNew)
    return may ? (
      <Editor key="new" id="new" />
    ) : (
      <Page title={t('make')} crumb={crumb}>
        <Note tone="warn" title={t('makeNot')}>
          {t('makeNotText')}
        </Note>
      </Page>
    )
  if (!brand || brand.id !== id)
    return (
      <UnreadPage
        title={t('one')}
        missing={t('missing')}
        list={{ to: '/brands', title: t('title'), all: t('all') }}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  return <Editor key={brand.id} id={brand.id} brand={brand} onOvertaken={() => void readAgain()} />
}

const Editor = ({ id, brand, onOvertaken = () => {} }: { id: string; brand?: Brand; onOvertaken?: () => void }) => {
  const { t } = useTranslation(['brands', 'common'])
  const navigate = useNavigate()
  const may = useMay('operator')
  const { draft, dirty, overtaken, change, redesign, rebase, discard } = useDraft(id, brand)
  const edits = may && !brand?.archivedAt
  const look = useLook(brand, draft, edits && (dirty || !brand))
  const refreshes = [listBrands, getBrand, listBrandVersions, listCodes]
  const create = useAction(createBrand, {
    refreshes,
    onDone: (made) => {
      discard()
      toast(t('made', { name: made.name }))
      void navigate({ to: '/brands/$id', params: { id: made.id } })
    },
  })
  const update = useAction(updateBrand, {
    refreshes,
    ifMatch: `"${draft.base}"`,
    onDone: ({ version }) => {
      discard()
      toast(t('savedAs', { version }))
    },
  })
  const saving = brand ? update : create
  const errors = fieldErrors(saving.error)
  const next = (brand?.version ?? 0) + 1
  const save = () => {
    const { name, design } = draft
    const logo = design.logo && draft.logo ? draft.logo.id : null
    // refused because somebody saved meanwhile: their version is read, and the page says so
    if (brand) update.mutate({ id: brand.id, name, design, logo }, { onError: onOvertaken })
    else create.mutate({ name, design, logo })
  }
  const scans = look.proof?.passes === true && !look.checking
  return (
    <Page
      title={brand?.name ?? t('make')}
      crumb={<Link to="/brands">{t('title')}</Link>}
      below={<Standing brand={brand} dirty={dirty} next={next} />}
      gutter={false}
      error={saving.error && !errors.name && saving.error.problem.code !== 'precondition-failed' ? saving.error : undefined}
      actions={
        edits && (
          <>
            {dirty && (
              <Button
                variant="default"
                onClick={() => {
                  discard()
                  saving.reset()
                }}
              >
                {t('discard')}
              </Button>
            )}
            <Button
              onClick={save}
              loading={saving.isPending}
              // what does not scan cannot be saved: the panel beside it says why
              disabled={!dirty || !scans || draft.name.trim() === '' || overtaken}
            >
              {t('save', { version: next })}
            </Button>
          </>
        )
      }
    >
      {overtaken && (
        <div className={style.said}>
          <Note
            tone="warn"
            title={t('overtaken', { by: brand?.savedBy || t('withPostern') })}
            action={
              <>
                <Button variant="default" size="sm" onClick={discard}>
                  {t('overtakenTheirs')}
                </Button>
                <Button variant="default" size="sm" onClick={rebase}>
                  {t('overtakenMine')}
                </Button>
              </>
            }
          >
            {t('overtakenText')}
          </Note>
        </div>
      )}
      <div className={style.editor}>
        <div className={style.fields}>
          <DesignFields
            brandId={brand?.id}
            brandVersion={brand?.version}
            draft={draft}
            change={change}
            redesign={redesign}
            readOnly={!edits}
            nameError={saving.error?.problem.code === 'conflict' ? t('common:field.taken') : errors.name}
          />
        </div>
        <Contexts look={look} name={draft.name.trim() || t('make')} />
        <div className={style.proof}>
          <ProofPanel
            look={look}
            savedAt={brand?.savedAt}
            colours={draft.design.colours}
            {...(edits ? { onColours: (colours) => redesign({ colours: { ...draft.design.colours, ...colours } }) } : {})}
          />
        </div>
      </div>
      {brand && (
        <div className={style.after}>
          <div>
            <Versions brand={brand} dirty={dirty} may={edits} />
          </div>
          <div>
            <KitSection brand={brand} may={may} />
          </div>
        </div>
      )}
    </Page>
  )
}

const Standing = ({ brand, dirty, next }: { brand: Brand | undefined; dirty: boolean; next: number }) => {
  const { t } = useTranslation('brands')
  const drawn = brand && t('drawnBy', { count: brand.codes, version: brand.version })
  return (
    <>
      <span className={style.tag}>
        {dirty || !brand
          ? t('draftOf', { version: next })
          : t(brand.archivedAt ? 'isArchived' : brand.isDefault ? 'isDefault' : 'versionN', { version: brand.version })}
      </span>
      {brand &&
        (brand.codes > 0 && !brand.isDefault ? (
          <Link to="/codes" search={{ brand: brand.id } as never}>
            {drawn}
          </Link>
        ) : (
          <span>{drawn}</span>
        ))}
    </>
  )
}
