/** @jsxImportSource preact */
import { Drawing } from './parts.tsx'
import { t } from './words.ts'

const places = [
  { place: 'scan', href: '/phone', drawing: 'scan', words: 'bar.scan' },
  { place: 'check', href: '/check', drawing: 'question', words: 'bar.check' },
  { place: 'me', href: '/phone/me', drawing: 'person', words: 'bar.me' },
] as const
export const Bar = ({ here }: { here: 'scan' | 'me' }) => (
  <nav class="bar" aria-label={t('bar.label')}>
    {places.map(({ place, href, drawing, words }) => (
      <a key={place} href={href} aria-current={place === here ? 'page' : undefined}>
        <Drawing of={drawing} />
        {t(words)}
      </a>
    ))}
  </nav>
)
