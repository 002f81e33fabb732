import { UnstyledButton } from '@mantine/core'
import style from './RankedBars.module.css'

export type Ranked = { key: string; name: string; n: number; onOpen?: (() => void) | undefined; open?: boolean }

/** Counts from the largest down, one hue, their bars in proportion to the first. Pressed, a row opens what it counts. */
export const RankedBars = ({
  title,
  items,
  number,
}: {
  title: string
  items: readonly Ranked[]
  number: (n: number) => string
}) => {
  const most = Math.max(1, ...items.map(({ n }) => n))
  return (
    <div className={style.list}>
      <h3>{title}</h3>
      <ol>
        {items.map(({ key, name, n, onOpen, open }) => {
          const row = (
            <>
              <span className={style.name}>{name}</span>
              <b>{number(n)}</b>
              <span className={style.track}>
                <span style={{ width: `${(n / most) * 100}%` }} />
              </span>
            </>
          )
          return (
            <li key={key}>
              {onOpen ? (
                <UnstyledButton className={style.row} onClick={onOpen} aria-pressed={open}>
                  {row}
                </UnstyledButton>
              ) : (
                <div className={style.row}>{row}</div>
              )}
            </li>
          )
        })}
      </ol>
    </div>
  )
}
