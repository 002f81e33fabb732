/** @jsxImportSource preact */
import { useState } from 'preact/hooks'
import { CopyButton, Title } from './parts.tsx'
import { t } from './words.ts'

/** Ten codes, shown once: copy, download, print; then "I have saved them", which asks once if none of these was used. */
export const RecoveryCodes = ({ codes, owner, onSaved }: { codes: string[]; owner: string; onSaved: () => void }) => {
  const [kept, setKept] = useState(false)
  const [asked, setAsked] = useState(false)
  const text = [t('codes.paper', { owner }), ...codes].join('\n')
  const download = `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`
  return (
    <>
      <Title>{t('codes.title')}</Title>
      <p class="lead">{t('codes.lead')}</p>
      <p class="paper">{t('codes.paper', { owner })}</p>
      <ol class="codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div class="pair">
        <CopyButton text={text} onDone={() => setKept(true)}>
          {t('codes.copy')}
        </CopyButton>
        <a class="button" href={download} download="postern-recovery-codes.txt" onClick={() => setKept(true)}>
          {t('codes.download')}
        </a>
        <button
          type="button"
          class="button"
          onClick={() => {
            setKept(true)
            print()
          }}
        >
          {t('codes.print')}
        </button>
      </div>
      <div class="acts" role="status">
        {asked && !kept && (
          <section class="note">
            <b>{t('codes.sure')}</b>
            <p>{t('codes.sureText')}</p>
          </section>
        )}
        <button type="button" class="button primary" onClick={() => (kept || asked ? onSaved() : setAsked(true))}>
          {asked && !kept ? t('codes.written') : t('codes.saved')}
        </button>
      </div>
    </>
  )
}

export const Done = ({ name, signedIn, device }: { name: string; signedIn: boolean; device: boolean }) => (
  <>
    <div class="picture ok" aria-hidden="true">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M3 8.5l3.2 3.2L13 5" />
      </svg>
    </div>
    <Title>{t('done.title')}</Title>
    <p class="lead">
      {t(device ? 'done.device' : 'done.lead', { name })} {signedIn && t('done.signedIn')}
    </p>
    <div class="acts">
      <a class="button primary" href={signedIn ? '/' : '/sign-in'}>
        {t(signedIn ? 'done.go' : 'done.signIn')}
      </a>
    </div>
  </>
)
