import type { ReactNode } from 'react'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import style from './Brands.module.css'

const dots: [x: number, y: number][] = [
  [0, 0],
  [2, 0],
  [3, 0],
  [0, 1],
  [1, 1],
  [3, 1],
  [1, 2],
  [0, 3],
  [2, 3],
  [3, 3],
]
/** Small drawings of what each shape does; the names beside them say it. */
const drawings = {
  modules: {
    square: dots.map(([x, y]) => <rect key={`${x} ${y}`} x={2 + x * 5} y={2 + y * 5} width="5" height="5" />),
    rounded: dots.map(([x, y]) => <rect key={`${x} ${y}`} x={2 + x * 5} y={2 + y * 5} width="5.2" height="5.2" rx="2" />),
    diamond: dots.map(([x, y]) => <path key={`${x} ${y}`} d={`M${4.5 + x * 5} ${1.6 + y * 5}l2.9 2.9-2.9 2.9-2.9-2.9z`} />),
    dots: dots.map(([x, y]) => <circle key={`${x} ${y}`} cx={4.5 + x * 5} cy={4.5 + y * 5} r="2.1" />),
  },
  eyeFrames: {
    square: <path fillRule="evenodd" d="M2 2h20v20H2zM5 5v14h14V5z" />,
    rounded: (
      <path
        fillRule="evenodd"
        d="M7 2h10a5 5 0 0 1 5 5v10a5 5 0 0 1-5 5H7a5 5 0 0 1-5-5V7a5 5 0 0 1 5-5zm0 3a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2z"
      />
    ),
    circle: <path fillRule="evenodd" d="M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm0 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z" />,
  },
  eyeBalls: {
    square: <rect x="6" y="6" width="12" height="12" />,
    rounded: <rect x="6" y="6" width="12" height="12" rx="3.5" />,
    circle: <circle cx="12" cy="12" r="6" />,
  },
} satisfies Record<string, Record<string, ReactNode>>

/** One of a few shapes, as radio buttons with a drawing each. */
export const Shapes = <S extends string>({
  title,
  of,
  options,
  value,
  onChange,
}: {
  title: string
  of: keyof typeof drawings
  options: readonly S[]
  value: S
  onChange: (shape: S) => void
}) => {
  const { t } = useTranslation('brands')
  const name = useId()
  return (
    <fieldset className={style.shapes}>
      <legend>{title}</legend>
      <div>
        {options.map((shape) => (
          <label key={shape}>
            <input type="radio" name={name} checked={value === shape} onChange={() => onChange(shape)} />
            <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
              {(drawings[of] as Record<string, ReactNode>)[shape]}
            </svg>
            {t(`shape.${shape as 'square'}`)}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
