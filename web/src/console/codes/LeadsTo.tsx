import { Button } from '@mantine/core'
import type { Code, Destination } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconExternalLink, IconPencil, IconWorld } from '../../ui/icons.ts'
import { Section } from '../../ui/Page.tsx'
import style from './Codes.module.css'

/** Where a code leads now, and the one act that an operator comes here for. */
export const LeadsTo = ({ code, onEdit }: { code: Code & { destination: Destination }; onEdit: (() => void) | undefined }) => {
  const { t } = useTranslation('codes')
  const { destination: to, kind } = code
  const fixed = kind === 'static'
  return (
    <Section
      title={fixed ? t('leads.holds') : to.type === 'text' ? t('leads.shows') : t('leads.title')}
      aside={(fixed || onEdit) && <span className="small t2">{t(fixed ? 'leads.fixed' : 'leads.any')}</span>}
    >
      <div className={style.leads} data-tall={to.type === 'url' ? undefined : ''}>
        {to.type === 'text' ? (
          <p className={style.text}>{to.text}</p>
        ) : to.type === 'url' ? (
          <Address of={to.url} />
        ) : (
          <dl className={style.stores}>
            {(['ios', 'android', 'otherwise'] as const).map((name) => (
              <div key={name}>
                <dt>{t(`leads.${name}`)}</dt>
                <dd>{to[name] ? <Address of={to[name]} /> : <span className="t3">{t('leads.asOthers')}</span>}</dd>
              </div>
            ))}
          </dl>
        )}
        {onEdit && (
          <Button leftSection={<Icon of={IconPencil} />} onClick={onEdit}>
            {t(to.type === 'text' ? 'leads.editText' : 'leads.edit')}
          </Button>
        )}
      </div>
    </Section>
  )
}
const Address = ({ of }: { of: string }) => {
  const { t } = useTranslation('codes')
  return (
    <span className={style.leadsTo}>
      <Icon of={IconWorld} />
      <span className={style.address}>{of}</span>
      <Button
        component="a"
        href={of}
        target="_blank"
        rel="noopener noreferrer"
        variant="subtle"
        color="gray"
        leftSection={<Icon of={IconExternalLink} />}
        aria-label={t('leads.openOf', { address: of })}
      >
        {t('leads.open')}
      </Button>
    </span>
  )
}
