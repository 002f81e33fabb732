import { Button, Checkbox, FileButton, Stack, Textarea } from '@mantine/core'
import { checkCode, type Out, type Problem } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconCamera, IconPhoto } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { useTabTitle } from '../../ui/Page.tsx'
import { Card, PublicShell } from '../../ui/PublicShell.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { type Reading, readPhoto } from '../../ui/read-symbol.ts'
import { useAction } from '../calls.ts'
import { useIssuer } from '../deployment.ts'
import { Camera } from './Camera.tsx'
import style from './CheckPage.module.css'
import { Says, Verdict } from './Verdict.tsx'

/** `unseen`: why the look of its picture could not be asked for. */
type Checked = { content: string; said: Out<typeof checkCode>; unseen?: Problem['code'] | undefined }
/** Longer than that nobody waits for a look: what it says is judged without. */
const patienceMs = 12_000

/** "Is this code ours?": judged by what it says, and from a picture by its look. Nothing is opened, fetched or shown as a link. */
export default function CheckPage() {
  const { t } = useTranslation('check')
  const issuer = useIssuer()
  const [content, setContent] = useState('')
  const [camera, setCamera] = useState(false)
  const [trouble, setTrouble] = useState<'noSymbol' | 'noPicture'>()
  const [checked, setChecked] = useState<Checked>()
  const heading = useRef<HTMLHeadingElement>(null)
  useTabTitle(t('title'))
  const check = useAction(checkCode, {})
  const look = useAction(checkCode, {})
  /** What was read in a picture whose look is being judged. */
  const [seen, setSeen] = useState<string>()
  const [withLook, setWithLook] = useState(true)
  const judge = (given: string, unseen?: Problem['code']) => {
    setTrouble(undefined)
    setContent(given)
    check.mutate({ content: given }, { onSuccess: (said) => setChecked({ content: given, said, unseen }) })
  }
  /** The look is asked for with the content. Where it is refused, or takes too long, the content is judged by itself. */
  const judgeSeen = async ({ content: given, cutOut }: Reading) => {
    if (!withLook) return judge(given)
    setTrouble(undefined)
    setContent(given)
    setSeen(given)
    const asked = look.mutateAsync({ content: given, image: await cutOut() })
    const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('late')), patienceMs))
    try {
      setChecked({ content: given, said: await Promise.race([asked, late]) })
    } catch (error) {
      judge(given, problemIn(error)?.code ?? 'unavailable')
    } finally {
      setSeen(undefined)
    }
  }
  const photo = async (file: File | null) => {
    if (!file) return
    try {
      const found = await readPhoto(file)
      if (found === undefined) setTrouble('noSymbol')
      else await judgeSeen(found)
    } catch {
      setTrouble('noPicture')
    }
  }
  const again = () => {
    setChecked(undefined)
    setContent('')
    check.reset()
    // the button that was pressed is gone
    requestAnimationFrame(() => heading.current?.focus())
  }
  return (
    <PublicShell
      name={issuer}
      footer={<Link to="/sign-in">{t('toSignIn')}</Link>}
      footerEnd={<span className="t3">{t('kept')}</span>}
    >
      <Card className={style.card}>
        <h1 ref={heading} tabIndex={-1}>
          {t('title')}
        </h1>
        {checked ? (
          <Verdict {...checked} onAgain={again} />
        ) : seen !== undefined ? (
          <Stack gap="lg">
            <Says content={seen} />
            <div role="status">
              <p className="t2">{t('looking')}</p>
              <Loading lines={3} />
            </div>
          </Stack>
        ) : (
          <Stack gap="lg">
            <p className="t2">{t('lead')}</p>
            {trouble && (
              <Note tone="warn" title={t(`${trouble}.title`)}>
                {t(`${trouble}.text`)}
              </Note>
            )}
            {check.error && <Refused error={check.error} />}
            {camera ? (
              <Camera
                onRead={(found) => {
                  setCamera(false)
                  void judgeSeen(found)
                }}
                onClose={() => setCamera(false)}
              />
            ) : (
              <Stack gap="sm">
                <div className={style.ways}>
                  <Button variant="default" leftSection={<Icon of={IconCamera} />} onClick={() => setCamera(true)}>
                    {t('camera')}
                  </Button>
                  <FileButton accept="image/*" onChange={(file) => void photo(file)}>
                    {(props) => (
                      <Button variant="default" leftSection={<Icon of={IconPhoto} />} {...props}>
                        {t('photo')}
                      </Button>
                    )}
                  </FileButton>
                </div>
                <Checkbox
                  checked={withLook}
                  onChange={(change) => setWithLook(change.currentTarget.checked)}
                  label={t('withLook')}
                  description={t('withLookText', { issuer })}
                />
              </Stack>
            )}
            <form
              onSubmit={(submit) => {
                submit.preventDefault()
                if (content.trim() !== '') judge(content)
              }}
            >
              <Stack gap="md">
                <Textarea
                  label={t('content')}
                  description={t('contentText')}
                  value={content}
                  onChange={(change) => setContent(change.currentTarget.value)}
                  maxLength={4096}
                  autosize
                  minRows={2}
                  spellCheck={false}
                  autoCapitalize="off"
                  autoCorrect="off"
                />
                <Button type="submit" loading={check.isPending} disabled={content.trim() === ''}>
                  {t('check')}
                </Button>
              </Stack>
            </form>
            <div>
              <h2>{t('ours.title')}</h2>
              <ul className={style.ours}>
                <li>{t('ours.address', { origin: location.origin })}</li>
                <li>{t('ours.never')}</li>
                <li>{t('ours.key')}</li>
              </ul>
            </div>
          </Stack>
        )}
      </Card>
    </PublicShell>
  )
}
