import type { ReactNode } from 'react'
import style from './Columns.module.css'

/** A page in two columns with a hairline between; under 1100 px the narrow one follows the wide one. For `Page gutter={false}`. */
export const Columns = ({ side, sideFirst = false, children }: { side: ReactNode; sideFirst?: boolean; children: ReactNode }) => (
  <div className={style.columns} data-side-first={sideFirst ? '' : undefined}>
    <div className={style.main}>{children}</div>
    <div className={style.side}>{side}</div>
  </div>
)

/** A table inside a page or column with a gutter: its rows run from edge to edge. */
export const Bleed = ({ children }: { children: ReactNode }) => <div className={style.bleed}>{children}</div>
