import { Button } from '@mantine/core'
import {
  type Code,
  codeSymbolSvg,
  createDownload,
  getCode,
  listBrands,
  listCodes,
  listCodeVersions,
  type SymbolFormat,
  symbolFormats,
  updateCode,
} from '@postern/contract'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Loading } from '../../ui/Loading.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useAction, useCall } from '../calls.ts'
import { BrandPicker } from './BrandPicker.tsx'
import style from './Brands.module.css'
import { pictureOf } from './picture.ts'

/** The symbol of a link or static code as it will be printed, its files, and the kit that draws it. */
export const CodeSymbol = ({ code, may }: { code: Code; may: boolean }) => {
  const { t } = useTranslation('brands')
  const { data, error, refetch } = useCall(codeSymbolSvg, { id: code.id })
  const picture = useMemo(() => data && pictureOf(data, 'image/svg+xml'), [data])
  const [wanted, setWanted] = useState<SymbolFormat>()
  const download = useAction(createDownload, { onDone: ({ url }) => window.location.assign(url) })
  // a look can be taken back, so it is changed at once; the version before stays
  const change = useAction(updateCode, {
    refreshes: [getCode, listCodes, listCodeVersions, codeSymbolSvg, listBrands],
    ifMatch: `"${code.version}"`,
  })
  const fetchFile = (format: SymbolFormat) => {
    setWanted(format)
    download.mutate({ path: `/api/codes/${code.id}/symbol.${format}` })
  }
  return (
    <>
      {error ? (
        <Refused error={error} onRetry={() => void refetch()} />
      ) : picture ? (
        <div className={style.ofCode} data-plate="">
          <img src={picture} alt={t('codeAlt', { label: code.label })} />
        </div>
      ) : (
        <div className={style.ofCode} data-coming="">
          <Loading lines={5} />
        </div>
      )}
      <div className={style.files}>
        {symbolFormats.map((format) => (
          <Button
            key={format}
            variant="default"
            aria-label={t('download', { format: format.toUpperCase() })}
            loading={download.isPending && wanted === format}
            onClick={() => fetchFile(format)}
          >
            {format.toUpperCase()}
          </Button>
        ))}
      </div>
      {download.error && <Refused error={download.error} />}
      <BrandPicker
        value={code.brand?.id ?? null}
        named={code.brand}
        disabled={!may || code.state === 'revoked' || change.isPending}
        onChange={(brand) => change.mutate({ id: code.id, brand })}
      />
      {change.error && <Refused error={change.error} />}
    </>
  )
}
