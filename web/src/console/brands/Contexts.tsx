import { SegmentedControl } from '@mantine/core'
import { sampleSymbol } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCall } from '../calls.ts'
import style from './Brands.module.css'
import type { Look } from './look.ts'

const places = ['sign', 'letter', 'wall', 'screen', 'terminal'] as const
type Place = (typeof places)[number]

/** The symbol where it will be met: large on a sign, 20 mm on a letter, on a dark wall, on a dark screen, in a terminal. */
export const Contexts = ({ look, name }: { look: Look; name: string }) => {
  const { t } = useTranslation('brands')
  const [place, setPlace] = useState<Place>('sign')
  const picture = (alt: string) =>
    look.picture ? <img src={look.picture} alt={alt} className={style.symbol} data-plate="" /> : <span className={style.symbol} />
  const shown = (at: Exclude<Place, 'terminal'>, alt: string) => (
    <span className={style[at]}>
      {picture(alt)}
      {at === 'letter' && (
        <i aria-hidden="true">
          <b />
          <b />
          <b />
          <b />
        </i>
      )}
    </span>
  )
  return (
    <section className={style.stage} aria-label={t('preview')} aria-busy={look.checking}>
      <div>
        <SegmentedControl
          aria-label={t('where')}
          value={place}
          onChange={(value) => setPlace(value as Place)}
          data={places.map((value) => ({ value, label: t(`place.${value}`) }))}
        />
        <div className={style.big}>
          {place === 'terminal' ? <Terminal /> : shown(place, t('symbolAlt', { name, place: t(`place.${place}`) }))}
          {place === 'letter' && <p>{t('letterText')}</p>}
        </div>
        <div className={style.small} aria-hidden="true">
          {(['letter', 'wall', 'screen'] as const)
            .filter((at) => at !== place)
            .map((at) => (
              <figure key={at}>
                {shown(at, '')}
                <figcaption>{t(`caption.${at}`)}</figcaption>
              </figure>
            ))}
        </div>
      </div>
    </section>
  )
}

/** A terminal has letters only: whatever the kit, the symbol is plain there, light on dark. */
const Terminal = () => {
  const { t } = useTranslation('brands')
  const { data } = useCall(sampleSymbol, {})
  return (
    <>
      <pre className={style.terminal} role="img" aria-label={t('terminalAlt')}>
        {data?.terminal.trim()}
      </pre>
      <p>{t('terminalText')}</p>
    </>
  )
}
