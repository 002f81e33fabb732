import { Button, FileButton } from '@mantine/core'
import { addLogo, brandLogo, type Logo, mostLogoBytes } from '@postern/contract'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconUpload } from '../../ui/icons.ts'
import { oneDecimal } from '../../ui/locale.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useAction, useCall } from '../calls.ts'
import style from './Brands.module.css'
import { pictureOf } from './picture.ts'

const base64Of = async (file: File): Promise<string> =>
  pictureOf(new Uint8Array(await file.arrayBuffer()), 'image/png').split(',')[1] ?? ''

/** A logo: sent as it is chosen, cleaned by the server, and shown as it is kept. */
export const LogoField = ({
  brandId,
  brandVersion,
  logo,
  onChange,
  readOnly,
}: {
  brandId: string | undefined
  brandVersion: number | undefined
  logo: Logo | null
  onChange: (logo: Logo | null) => void
  readOnly: boolean
}) => {
  const { t, i18n } = useTranslation(['brands', 'common'])
  const [sent, setSent] = useState<{ id: string; png: string }>()
  const [refused, setRefused] = useState<string>()
  const upload = useAction(addLogo, {
    onDone: ({ png, ...kept }) => {
      setSent({ id: kept.id, png })
      onChange(kept)
    },
  })
  const saved = useCall(
    brandLogo,
    { id: brandId ?? '', version: brandVersion ?? 1 },
    { enabled: brandId !== undefined && logo !== null && sent?.id !== logo.id },
  )
  const picture = useMemo(
    () =>
      logo && sent?.id === logo.id
        ? `data:image/png;base64,${sent.png}`
        : saved.data && !saved.isPlaceholderData
          ? pictureOf(saved.data, 'image/png')
          : undefined,
    [logo, sent, saved.data, saved.isPlaceholderData],
  )
  const choose = async (file: File | null) => {
    if (!file) return
    setRefused(undefined)
    upload.reset()
    // the server says the same; this saves sending it
    if (/svg/.test(file.type) || /\.svgz?$/i.test(file.name)) return setRefused(t('logoSvg'))
    if (file.size > mostLogoBytes) return setRefused(t('logoLarge', { mb: oneDecimal(file.size / 1024 / 1024, i18n.language) }))
    upload.mutate({ data: await base64Of(file) })
  }
  const why = refused ?? (upload.error ? fieldErrors(upload.error).data : undefined)
  return (
    <>
      <div className={style.logo}>
        {logo ? (
          <>
            <span className={style.logoPicture}>{picture && <img src={picture} alt={t('logoAlt')} />}</span>
            <span>{t('logoKept', { width: logo.width, height: logo.height })}</span>
          </>
        ) : (
          <span>{t('logoNone')}</span>
        )}
        {!readOnly && (
          <span className={style.logoActs}>
            <FileButton onChange={(file) => void choose(file)} accept="image/png,image/jpeg,image/webp">
              {(props) => (
                <Button {...props} variant="default" loading={upload.isPending} leftSection={<Icon of={IconUpload} />}>
                  {t(logo ? 'logoReplace' : 'logoUpload')}
                </Button>
              )}
            </FileButton>
            {logo && (
              <Button variant="default" onClick={() => onChange(null)}>
                {t('logoRemove')}
              </Button>
            )}
          </span>
        )}
      </div>
      {why ? (
        <div className={style.refused}>
          <Note tone="fail" title={t('logoRefused')}>
            {why}
          </Note>
        </div>
      ) : upload.error ? (
        <Refused error={upload.error} />
      ) : (
        !readOnly && <small>{t('logoText')}</small>
      )}
    </>
  )
}
