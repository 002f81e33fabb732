/** @jsxImportSource preact */
import { useEffect, useRef, useState } from 'preact/hooks'
import { scanVideo } from '../ui/scan-video.ts'
import { openCamera } from '../ui/video-frames.ts'
import { Bar } from './Bar.tsx'
import { CodePage } from './CodePage.tsx'
import { check, claim, problemOfError } from './calls.ts'
import { framesWanted, rowOfFrames, seenAs } from './frames.ts'
import { isRequest, type Kept, keep, type Over } from './kept.ts'
import { OverPage } from './OverPages.tsx'
import { CopyButton, Frame, Title } from './parts.tsx'
import { hasPasskeys } from './passkey.ts'
import { refusedOver } from './RequestPage.tsx'
import { inWords } from './refusals.ts'
import { State } from './StatePages.tsx'
import { t, useLanguage, type Words } from './words.ts'

type Row = { id: string; frames: string[] }
type Stage =
  | { at: 'camera'; words?: string }
  | { at: 'off'; words: Words }
  | { at: 'foreign'; text: string }
  | { at: 'asking' }
  /** One of our addresses, and the host that it leads away to, if we could ask. */
  | { at: 'leading'; url: string; host: string | undefined }
  | { at: 'claiming'; row: Row }
  | { at: 'lost'; row: Row; words: string }
  | { at: 'over'; over: Over }
  | { at: 'claimed'; kept: Kept }

/**
 * Our own camera. By itself it opens nothing but our own pages, and claims a moving code it has seen move: where a code leads
 * away from us it says so, and goes there by a tap.
 */
export const ScanPage = ({ name }: { name: string }) => {
  useLanguage()
  const [stage, setStage] = useState<Stage>({ at: 'camera' })
  const claimRow = async (row: Row) => {
    const secret = row.frames.at(-1) as string
    setStage({ at: 'claiming', row })
    try {
      const answer = await claim({ id: row.id, secret, frames: row.frames.slice(0, -1) })
      if (!isRequest(answer)) throw new Error('a moving code brought no request')
      const kept: Kept = { id: row.id, secret, issuer: answer.context.issuer, claim: answer }
      keep(kept)
      history.replaceState(null, '', `/c/${row.id}`)
      setStage({ at: 'claimed', kept })
    } catch (error) {
      const problem = problemOfError(error)
      if (problem.reason === 'often') return setStage({ at: 'over', over: refusedOver(problem) })
      switch (problem.code) {
        case 'code-expired':
          return setStage({ at: 'camera', words: t('scan.tooLate') })
        case 'code-unknown':
          return setStage({ at: 'camera', words: t('scan.unknown') })
        case 'code-used':
        case 'code-revoked':
        case 'conflict':
          return setStage({ at: 'over', over: { how: 'elsewhere' } })
        case 'not-allowed':
          return setStage({ at: 'over', over: refusedOver(problem) })
        default:
          return setStage({
            at: 'lost',
            row,
            words: problem.status === 0 ? t('key.tryLost') : inWords(problem, problem.retryAfter ?? 5),
          })
      }
    }
  }
  const open = async (url: string) => {
    setStage({ at: 'asking' })
    try {
      const { leadsTo } = await check({ content: url.split('#')[0] as string })
      if (leadsTo === undefined) location.assign(url)
      else setStage({ at: 'leading', url, host: leadsTo })
    } catch {
      setStage({ at: 'leading', url, host: undefined })
    }
  }
  if (stage.at === 'claimed') return <CodePage kept={stage.kept} />
  const again = () => setStage({ at: 'camera' })
  return (
    <Frame name={name} bar={<Bar here="scan" />}>
      {stage.at === 'camera' && !hasPasskeys() && <NoPasskeys />}
      {stage.at === 'camera' && hasPasskeys() && (
        <Camera
          words={stage.words}
          onRow={claimRow}
          onCode={open}
          onForeign={(text) => setStage({ at: 'foreign', text })}
          onOff={(words) => setStage({ at: 'off', words })}
        />
      )}
      {stage.at === 'off' && (
        <State badge="question" title={t('scan.off')} lead={t(stage.words)}>
          <p>{t('scan.cameraApp')}</p>
          <div class="acts">
            <button type="button" class="button primary" onClick={again}>
              {t('tryAgain')}
            </button>
          </div>
        </State>
      )}
      {stage.at === 'foreign' && (
        <State badge="barred" title={t('scan.foreign')} lead={t('scan.foreignLead')}>
          <p class="foreign">{stage.text.slice(0, 500)}</p>
          <p>{t('scan.foreignDo')}</p>
          <div class="acts">
            <button type="button" class="button primary" onClick={again}>
              {t('scan.again')}
            </button>
            <a class="button" href="/check">
              {t('state.check')}
            </a>
          </div>
        </State>
      )}
      {stage.at === 'leading' && (
        <State
          badge="question"
          title={t(stage.host === undefined ? 'scan.unasked' : 'scan.leads')}
          lead={t(stage.host === undefined ? 'scan.unaskedLead' : 'scan.leadsLead', { host: location.host })}
        >
          <p class="foreign">{stage.host ?? stage.url.split('#')[0]}</p>
          <p>{t('scan.leadsDo')}</p>
          <div class="acts">
            <a class="button primary" href={stage.url}>
              {t('scan.open')}
            </a>
            <button type="button" class="button" onClick={again}>
              {t('scan.again')}
            </button>
          </div>
        </State>
      )}
      {(stage.at === 'claiming' || stage.at === 'asking') && (
        <>
          <Title>{t('scan.read')}</Title>
          <p class="lead" role="status">
            {t('scan.asking')}
          </p>
        </>
      )}
      {stage.at === 'lost' && (
        <State badge="question" title={t('unreachable.title')} lead={stage.words}>
          <div class="acts">
            <button type="button" class="button primary" onClick={() => claimRow(stage.row)}>
              {t('tryAgain')}
            </button>
            <button type="button" class="button" onClick={again}>
              {t('scan.again')}
            </button>
          </div>
        </State>
      )}
      {stage.at === 'over' && <OverPage over={stage.over} onEnded={() => {}} />}
    </Frame>
  )
}

const NoPasskeys = () => (
  <State badge="question" title={t('inApp.noPasskeys')} lead={t('inApp.cannot')}>
    <div class="acts">
      <CopyButton text={`${location.origin}/phone`}>{t('inApp.copy')}</CopyButton>
    </div>
  </State>
)

const offWords = (error: unknown): Words => {
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError') return 'scan.refused'
  return name === 'NotFoundError' ? 'scan.none' : 'scan.broken'
}
const Camera = ({
  words,
  onRow,
  onCode,
  onForeign,
  onOff,
}: {
  words: string | undefined
  onRow: (row: Row) => void
  onCode: (url: string) => void
  onForeign: (text: string) => void
  onOff: (words: Words) => void
}) => {
  const video = useRef<HTMLVideoElement>(null)
  const [on, setOn] = useState(false)
  const [seen, setSeen] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the camera opens once, with the page
  useEffect(() => {
    const closing = new AbortController()
    const row = rowOfFrames()
    const see = (text: string): boolean => {
      const found = seenAs(text, location.origin)
      if (found.is === 'foreign') {
        onForeign(found.text)
        return true
      }
      if (found.is === 'code') {
        onCode(found.url)
        return true
      }
      const frames = row.take(found)
      setSeen(frames.length)
      if (frames.length < framesWanted) return false
      onRow({ id: found.id, frames })
      return true
    }
    const start = async () => {
      const shown = video.current
      if (!shown) return
      if (!navigator.mediaDevices) return onOff('scan.broken')
      await openCamera(shown, closing.signal)
      setOn(true)
      await scanVideo(shown, closing.signal, see)
    }
    start().catch((error: unknown) => {
      if (!closing.signal.aborted) onOff(offWords(error))
    })
    return () => closing.abort()
  }, [])
  return (
    <>
      <Title>{t('scan.title')}</Title>
      <p class="lead">{t('scan.lead')}</p>
      <div class="finder">
        <video ref={video} playsInline muted aria-label={t('scan.picture')} />
      </div>
      <p class="hint" role="status">
        {seen > 0 ? t('scan.holdStill', { seen, wanted: framesWanted }) : on ? t('scan.looking') : t('scan.opening')}
      </p>
      <p class="error" role="alert">
        {words}
      </p>
    </>
  )
}
