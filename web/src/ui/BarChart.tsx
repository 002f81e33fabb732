import { useElementSize } from '@mantine/hooks'
import style from './BarChart.module.css'
import { barTicks, topOf } from './bar-scale.ts'

export type Bar = {
  key: string
  /** The whole of its time, for the tooltip and for screen readers. */
  title: string
  /** What may stand under it; ticks are left out where there is no room, data never. */
  tick: string
  filled: number
  hollow: number
}
/** Something that happened at the start of a bar. */
export type Mark = { key: string; bar: number; label: string }

const plot = 120
const above = 22
const below = 20
/** A label of a mark needs so much room; where there is less, its line says it by a tooltip alone. In pixels. */
const labelWidth = 170

/**
 * Amounts over time: bars from zero, filled, with what is no more than a note hollow on top. What is drawn is also a table,
 * for who does not see it. Keeps its height on narrow screens.
 */
export const BarChart = ({
  label,
  columns,
  bars,
  marks = [],
  number,
}: {
  label: string
  /** Heads of the table: time, filled, hollow, marks. */
  columns: { time: string; filled: string; hollow: string; marks: string }
  bars: readonly Bar[]
  marks?: readonly Mark[]
  number: (n: number) => string
}) => {
  const { ref, width } = useElementSize()
  const top = topOf(Math.max(0, ...bars.map(({ filled, hollow }) => filled + hollow)))
  const step = width / Math.max(1, bars.length)
  const gap = step > 5 ? step / 4 : step > 2 ? 1 : 0
  const y = (n: number) => above + plot - (n / top) * plot
  const ticks = barTicks(bars.length, width)
  let labelled = Number.NEGATIVE_INFINITY
  return (
    <div ref={ref} className={style.chart}>
      {width > 0 && (
        <svg width={width} height={above + plot + below} aria-hidden="true">
          {[0, top / 2, top].map((line) => (
            <path key={line} className={style.grid} d={`M0 ${Math.round(y(line)) + 0.5}H${width}`} />
          ))}
          {bars.map(({ key, title, filled, hollow }, at) => {
            const x = at * step + gap / 2
            const wide = Math.max(1, step - gap)
            return (
              <g key={key} className={style.bar}>
                <title>{`${title}: ${columns.filled} ${number(filled)}, ${columns.hollow} ${number(hollow)}`}</title>
                <rect className={style.reach} x={at * step} y={above} width={step} height={plot} />
                {filled > 0 && <rect className={style.filled} x={x} y={y(filled)} width={wide} height={(filled / top) * plot} />}
                {hollow > 0 && (
                  <rect
                    className={style.hollow}
                    x={x + 0.5}
                    y={y(filled + hollow) + 0.5}
                    width={Math.max(0.5, wide - 1)}
                    height={Math.max(1, (hollow / top) * plot - 1)}
                  />
                )}
              </g>
            )
          })}
          {[top / 2, top].map((line) => (
            <text key={line} className={style.axis} x={0} y={y(line) - 4}>
              {number(line)}
            </text>
          ))}
          {ticks.map((at) => (
            <text
              key={at}
              className={style.axis}
              x={at === 0 ? 0 : (at + 0.5) * step}
              y={above + plot + 15}
              textAnchor={at === 0 ? 'start' : 'middle'}
            >
              {bars[at]?.tick}
            </text>
          ))}
          {marks.map(({ key, bar, label: words }) => {
            const x = Math.round(bar * step) + 0.5
            const left = x > width - labelWidth
            const from = left ? x - labelWidth : x
            const room = from > labelled && from > -20
            if (room) labelled = from + labelWidth
            return (
              <g key={key}>
                <title>{words}</title>
                <path className={style.mark} d={`M${x} 0V${above + plot}`} />
                {room && (
                  <text className={style.label} x={left ? x - 6 : x + 6} y={10} textAnchor={left ? 'end' : 'start'}>
                    {words}
                  </text>
                )}
              </g>
            )
          })}
        </svg>
      )}
      {/* a table is as wide as its words, even where nobody sees it: what holds it is not */}
      <div className="sr-only">
        <table aria-label={label}>
          <thead>
            <tr>
              <th>{columns.time}</th>
              <th>{columns.filled}</th>
              <th>{columns.hollow}</th>
              <th>{columns.marks}</th>
            </tr>
          </thead>
          <tbody>
            {bars.map(({ key, title, filled, hollow }, at) => (
              <tr key={key}>
                <th scope="row">{title}</th>
                <td>{number(filled)}</td>
                <td>{number(hollow)}</td>
                <td>
                  {marks
                    .filter(({ bar }) => bar === at)
                    .map(({ label: words }) => words)
                    .join('; ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
