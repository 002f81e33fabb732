import { Button } from '@mantine/core'
import { type Brand, getBrand, listBrands, listBrandVersions, restoreBrandVersion } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Loading } from '../../ui/Loading.tsx'
import { Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useList } from '../calls.ts'
import { BrandSymbol } from './BrandSymbol.tsx'
import style from './Brands.module.css'

/** Every version with who saved it, and the way back to it, which is a new version too. */
export const Versions = ({ brand, dirty, may }: { brand: Brand; dirty: boolean; may: boolean }) => {
  const { t } = useTranslation(['brands', 'common'])
  const { rows, pending, error, onRetry, more } = useList(listBrandVersions, { id: brand.id, limit: 10 })
  const restore = useAction(restoreBrandVersion, {
    refreshes: [getBrand, listBrands, listBrandVersions],
    ifMatch: `"${brand.version}"`,
    onDone: (_, { version }) => toast(t('wentBack', { version: String(version) })),
  })
  return (
    <Section title={t('versions')}>
      {restore.error && <Refused error={restore.error} />}
      {error ? <Refused error={error} onRetry={onRetry} /> : pending && <Loading lines={3} />}
      <ol className={style.versions} reversed>
        {rows?.map(({ version, by, at, name }) => (
          <li key={version}>
            <BrandSymbol id={brand.id} version={version} />
            <div>
              <strong>{t('versionN', { version })}</strong>
              {name !== brand.name && <span>{name}</span>}
              <small>
                {by || t('withPostern')}, <TimeText at={at} as="list" />
              </small>
            </div>
            {version === brand.version ? (
              <span className={style.tag}>{t('now')}</span>
            ) : (
              may && (
                <Button
                  variant="default"
                  size="sm"
                  disabled={dirty}
                  loading={restore.isPending && restore.variables?.version === version}
                  aria-label={t('goBackTo', { version })}
                  onClick={() => restore.mutate({ id: brand.id, version })}
                >
                  {t('goBack')}
                </Button>
              )
            )}
          </li>
        ))}
      </ol>
      {may && dirty && (rows?.length ?? 0) > 1 && <small>{t('goBackFirst')}</small>}
      {more.has && (
        <Button variant="default" loading={more.busy} onClick={more.load}>
          {t('common:table.more')}
        </Button>
      )}
    </Section>
  )
}
