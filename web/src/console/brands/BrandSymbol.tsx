import { brandSymbol } from '@postern/contract'
import { useMemo } from 'react'
import { useCall } from '../calls.ts'
import style from './Brands.module.css'
import { pictureOf } from './picture.ts'

/** A sample symbol in the look of a kit, as it is saved. */
export const BrandSymbol = ({ id, version, alt = '' }: { id: string; version: number; alt?: string }) => {
  const { data } = useCall(brandSymbol, { id, version })
  const source = useMemo(() => data && pictureOf(data, 'image/svg+xml'), [data])
  return <span className={style.thumb}>{source && <img src={source} alt={alt} />}</span>
}
