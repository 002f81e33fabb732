import { Button } from '@mantine/core'
import { archiveBrand, type Brand, getBrand, listBrands, makeBrandDefault, unarchiveBrand } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import style from './Brands.module.css'

const refreshes = [getBrand, listBrands]

/** What a kit is for: the default, one of several, or put away. */
export const KitSection = ({ brand, may }: { brand: Brand; may: boolean }) => {
  const { t } = useTranslation('brands')
  const { id, name, isDefault, archivedAt } = brand
  const standard = useAction(makeBrandDefault, { refreshes, onDone: () => toast(t('madeDefault', { name })) })
  const away = useAction(archiveBrand, { refreshes, onDone: () => toast(t('archivedDone', { name })) })
  const back = useAction(unarchiveBrand, { refreshes, onDone: () => toast(t('unarchivedDone', { name })) })
  const error = standard.error ?? away.error ?? back.error
  return (
    <Section title={t('use')}>
      <p className={style.use}>{t(archivedAt ? 'useArchived' : isDefault ? 'useDefault' : 'useNamed')}</p>
      {error && <Refused error={error} />}
      {may && !isDefault && (
        <div className={style.acts}>
          {archivedAt ? (
            <Button variant="default" loading={back.isPending} onClick={() => back.mutate({ id })}>
              {t('unarchiveDo')}
            </Button>
          ) : (
            <>
              <Button variant="default" loading={standard.isPending} onClick={() => standard.mutate({ id })}>
                {t('makeDefault')}
              </Button>
              <Button variant="default" loading={away.isPending} onClick={() => away.mutate({ id })}>
                {t('archiveDo')}
              </Button>
            </>
          )}
        </div>
      )}
    </Section>
  )
}
