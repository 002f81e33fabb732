import { useMemo } from 'react'
import style from './SymbolPlate.module.css'

/**
 * A symbol on its white plate, in both schemes: dark ink, four quiet modules, never inverted or covered. It comes as SVG text
 * and is shown as an image, so that nothing in it can run. `alt` says what it is for, not "image".
 */
export const SymbolPlate = ({ svg, alt, size }: { svg: string; alt: string; size?: number }) => {
  const source = useMemo(() => `data:image/svg+xml;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(svg)))}`, [svg])
  return (
    <div className={style.plate} data-plate="" style={size ? { width: size } : undefined}>
      <img src={source} alt={alt} />
    </div>
  )
}
