/** @jsxImportSource preact */
import { render } from 'preact'
import { CodePage } from './CodePage.tsx'
import { askIssuer } from './issuer.ts'
import { takeCode } from './kept.ts'
import { Frame } from './parts.tsx'
import { Insecure, NoSecret } from './StatePages.tsx'
import { loadWords, useLanguage } from './words.ts'

const Alone = ({ name, page }: { name: string; page: 'insecure' | 'no-secret' }) => {
  useLanguage()
  return <Frame name={name}>{page === 'insecure' ? <Insecure /> : <NoSecret />}</Frame>
}
const pageHere = async () => {
  const kept = takeCode()
  if (!isSecureContext) return <Alone name={await askIssuer()} page="insecure" />
  if (/^\/phone(\/|$)/.test(location.pathname)) {
    // with the camera's reader, which whoever scans with a camera app does not load
    const [{ ScanPage, MePage }, name] = await Promise.all([import('./PhoneApp.tsx'), askIssuer()])
    return /^\/phone\/me\/?$/.test(location.pathname) ? <MePage name={name} /> : <ScanPage name={name} />
  }
  return kept ? <CodePage kept={kept} /> : <Alone name={await askIssuer()} page="no-secret" />
}
const start = async () => {
  const [shown] = await Promise.all([pageHere(), loadWords()])
  const page = document.getElementById('page') as HTMLElement
  page.replaceChildren()
  render(shown, page)
}

// Another code scanned into this very tab changes nothing but the fragment: the page begins anew with it.
addEventListener('hashchange', () => {
  if (location.hash) location.reload()
})
// what was taken out of the address is kept, so the same page, loaded again, goes on with it
start().catch(() => document.getElementById('not-whole')?.setAttribute('data-now', ''))
