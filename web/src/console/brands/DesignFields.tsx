import { NumberInput, Slider, TextInput } from '@mantine/core'
import type { Design } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import style from './Brands.module.css'
import type { Draft } from './draft.ts'
import { LogoField } from './LogoField.tsx'
import { Shapes } from './Shapes.tsx'

/** Letters of a call to action: more would be too small to read from where one scans. */
const mostLetters = 28

/** Everything of a kit that can be edited. */
export const DesignFields = ({
  brandId,
  brandVersion,
  draft: { name, design, logo },
  change,
  redesign,
  readOnly,
  nameError,
}: {
  brandId: string | undefined
  brandVersion: number | undefined
  draft: Draft
  change: (part: Partial<Draft>) => void
  redesign: (part: Partial<Design>) => void
  readOnly: boolean
  nameError: string | undefined
}) => {
  const { t } = useTranslation('brands')
  const words = design.frame?.text ?? ''
  return (
    <fieldset className={style.all} disabled={readOnly} aria-label={t('look')}>
      <section>
        <TextInput
          label={t('name')}
          description={t('nameText')}
          required
          maxLength={60}
          autoComplete="off"
          value={name}
          error={nameError}
          onChange={(typing) => change({ name: typing.currentTarget.value })}
        />
      </section>
      <section>
        <h2>{t('logo')}</h2>
        <LogoField
          brandId={brandId}
          brandVersion={brandVersion}
          logo={design.logo ? logo : null}
          readOnly={readOnly}
          onChange={(next) => change({ logo: next, design: { ...design, logo: next && (design.logo ?? { widthPercent: 20 }) } })}
        />
        {design.logo && (
          <div className={style.range}>
            <Slider
              min={5}
              max={25}
              label={null}
              thumbLabel={t('logoWidthSlider')}
              value={design.logo.widthPercent}
              disabled={readOnly}
              onChange={(widthPercent) => redesign({ logo: { widthPercent } })}
            />
            <NumberInput
              aria-label={t('logoWidth')}
              min={5}
              max={25}
              allowDecimal={false}
              clampBehavior="strict"
              suffix=" %"
              value={design.logo.widthPercent}
              onChange={(value) => typeof value === 'number' && value >= 5 && redesign({ logo: { widthPercent: value } })}
            />
            <small>{t('logoWidthText')}</small>
          </div>
        )}
      </section>
      <section>
        <h2>{t('colours')}</h2>
        {(['modules', 'eyes', 'ground'] as const).map((part) => (
          <ColourField
            key={part}
            label={t(`colour.${part}`)}
            value={design.colours[part]}
            onChange={(colour) => redesign({ colours: { ...design.colours, [part]: colour } })}
          />
        ))}
        <small>{t('coloursText')}</small>
      </section>
      <section>
        <Shapes
          title={t('modules')}
          of="modules"
          options={['square', 'rounded', 'dots', 'diamond'] as const}
          value={design.modules}
          onChange={(modules) => redesign({ modules })}
        />
      </section>
      <section>
        <Shapes
          title={t('eyeFrames')}
          of="eyeFrames"
          options={['square', 'rounded', 'circle'] as const}
          value={design.eyeFrames}
          onChange={(eyeFrames) => redesign({ eyeFrames })}
        />
        <Shapes
          title={t('eyeBalls')}
          of="eyeBalls"
          options={['square', 'rounded', 'circle'] as const}
          value={design.eyeBalls}
          onChange={(eyeBalls) => redesign({ eyeBalls })}
        />
      </section>
      <section>
        <h2>{t('frame')}</h2>
        <TextInput
          label={t('callToAction')}
          description={t('callToActionText', { count: mostLetters - [...words].length })}
          inputWrapperOrder={['label', 'input', 'description']}
          maxLength={mostLetters}
          autoComplete="off"
          value={words}
          onChange={(typing) => {
            const text = typing.currentTarget.value
            redesign({ frame: text.trim() === '' ? null : { text } })
          }}
        />
      </section>
    </fieldset>
  )
}

/** A colour by the picker of the system, or by its six digits; what is half typed changes nothing yet. */
const ColourField = ({ label, value, onChange }: { label: string; value: string; onChange: (colour: string) => void }) => {
  const { t } = useTranslation('brands')
  const [typed, setTyped] = useState(value)
  const [told, setTold] = useState(value)
  // the colour was changed elsewhere: by the picker, by Discard, by "Use this colour"
  if (value !== told) {
    setTold(value)
    setTyped(value)
  }
  const tell = (text: string) => {
    setTyped(text)
    const colour = /^#?[0-9a-f]{6}$/i.test(text.trim()) ? `#${text.trim().replace('#', '').toLowerCase()}` : undefined
    if (!colour) return
    setTold(colour)
    onChange(colour)
  }
  const half = typed.trim().replace('#', '').toLowerCase() !== value.slice(1)
  return (
    <div className={style.colour}>
      <input
        type="color"
        aria-label={t('colourPick', { part: label })}
        value={value}
        onChange={(picking) => tell(picking.currentTarget.value)}
      />
      <TextInput
        label={label}
        value={typed}
        maxLength={9}
        autoComplete="off"
        spellCheck={false}
        error={half ? t('colourHalf') : undefined}
        onChange={(typing) => tell(typing.currentTarget.value)}
        onBlur={() => setTyped(value)}
      />
    </div>
  )
}
