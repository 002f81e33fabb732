import { Button, Group, Modal, Stack } from '@mantine/core'
import type { Out, reEnrolUsers } from '@postern/contract'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconCopy } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Historical.module.css'

type Issued = NonNullable<Out<typeof reEnrolUsers>['codes']>
/** Addresses of fresh codes, shown this once; closing asks first. */
export const IssuedList = ({ of, onClose }: { of: Issued; onClose: () => void }) => {
  const { t } = useTranslation(['historical', 'common'])
  const [sure, setSure] = useState(false)
  const { state, copy } = useCopy()
  useBlocker({ disabled: sure, enableBeforeUnload: true, shouldBlockFn: () => true })
  const close = () => (sure ? onClose() : setSure(true))
  return (
    <Modal
      opened
      onClose={close}
      size={660}
      closeOnClickOutside={false}
      title={t('issued.title', { count: of.length })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <Stack gap="md">
        <Note tone="warn" title={t('issued.once')}>
          {t('issued.onceText')}
        </Note>
        <ul className={style.rows}>
          {of.map(({ user, code }) => (
            <li key={code.id}>
              <span className={style.head}>
                <b>{user.username}</b>
                <span className="small t2">
                  {t('issued.until')} <TimeText at={code.expiresAt} as="moment" />
                </span>
              </span>
              <span className={style.address}>{code.url}</span>
            </li>
          ))}
        </ul>
        {sure && <Note tone="warn">{t('issued.leave')}</Note>}
        <Group justify="flex-end" gap="sm">
          <Button
            variant="default"
            leftSection={<Icon of={IconCopy} />}
            onClick={() => void copy(of.map(({ user, code }) => `${user.username}\t${code.url}`).join('\n'))}
          >
            {t(state === 'copied' ? 'issued.copied' : state === 'failed' ? 'issued.notCopied' : 'issued.copy')}
          </Button>
          <Button onClick={close}>{t(sure ? 'issued.close' : 'common:close')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
