import { type ReactNode, useEffect, useRef } from 'react'
import style from './Page.module.css'
import { Refused } from './Refused.tsx'

/**
 * A page of the console: title, what leads up to it, its one filled button, and its content. Focus goes to the title when the
 * page opens. `error` is the refusal of an action on this page, said above the content.
 */
export const Page = ({
  title,
  tab,
  crumb,
  below,
  actions,
  bar,
  error,
  children,
  gutter = true,
}: {
  title: ReactNode
  /** The words of the browser's tab, where `title` is more than text. */
  tab?: string
  crumb?: ReactNode
  /** A line under the title: time, id, state. */
  below?: ReactNode
  actions?: ReactNode
  /** Search and filters. */
  bar?: ReactNode
  error?: unknown
  children: ReactNode
  /** False for tables, which run from edge to edge. */
  gutter?: boolean
}) => {
  const words = tab ?? (typeof title === 'string' ? title : undefined)
  useTabTitle(words)
  const heading = useFocusOnArrival()
  return (
    <div className={style.page}>
      <header className={style.top}>
        <div className={style.heading}>
          {crumb && <div className={style.crumb}>{crumb}</div>}
          <h1 ref={heading} tabIndex={-1} data-big={below || crumb ? '' : undefined}>
            {title}
          </h1>
          {below && <div className={style.below}>{below}</div>}
        </div>
        {actions && <div className={style.actions}>{actions}</div>}
      </header>
      {bar && <div className={style.bar}>{bar}</div>}
      {error ? (
        <div className={style.error}>
          <Refused error={error} />
        </div>
      ) : null}
      <div className={gutter ? style.body : style.wide}>{children}</div>
    </div>
  )
}

export const useTabTitle = (words: string | undefined) => {
  useEffect(() => {
    if (words) document.title = `${words} · Postern`
  }, [words])
}

/** The title takes the focus when its page opens, so that a screen reader says where one is. */
export const useFocusOnArrival = () => {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
  }, [])
  return heading
}

/** A part of a page with its own heading. */
export const Section = ({ title, aside, children }: { title: ReactNode; aside?: ReactNode; children: ReactNode }) => (
  <section className={style.section}>
    <div className={style.sectionHead}>
      <h2>{title}</h2>
      {aside}
    </div>
    {children}
  </section>
)

/** Names and values, one a line. A value that is undefined is left out. */
export const Facts = ({ of }: { of: [name: string, value: ReactNode][] }) => (
  <dl className={style.facts}>
    {of
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)
