import { Button, Stack } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { type Reading, readVideo } from '../../ui/read-symbol.ts'
import { openCamera } from '../../ui/video-frames.ts'
import style from './CheckPage.module.css'

/** The camera of this device, read here. It is off again as soon as a symbol was read, or the page is left. */
export const Camera = ({ onRead, onClose }: { onRead: (found: Reading) => void; onClose: () => void }) => {
  const { t } = useTranslation('check')
  const video = useRef<HTMLVideoElement>(null)
  const [off, setOff] = useState(false)
  const told = useRef(onRead)
  told.current = onRead
  useEffect(() => {
    const closing = new AbortController()
    const start = async () => {
      const shown = video.current
      if (!shown) return
      await openCamera(shown, closing.signal)
      const found = await readVideo(shown, closing.signal)
      if (found) told.current(found)
    }
    start().catch(() => {
      if (!closing.signal.aborted) setOff(true)
    })
    return () => closing.abort()
  }, [])
  return (
    <Stack gap="sm">
      {off ? (
        <Note tone="warn" title={t('noCamera.title')}>
          {t('noCamera.text')}
        </Note>
      ) : (
        <video ref={video} className={style.video} playsInline muted aria-label={t('cameraPicture')} />
      )}
      <Button variant="default" onClick={onClose}>
        {t('cameraOff')}
      </Button>
    </Stack>
  )
}
