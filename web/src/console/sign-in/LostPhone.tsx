import { Modal, Stack, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import style from './SignInPage.module.css'

/** What to do about a lost phone, without needing it: another way in, then the report; or an operator. */
export const LostPhone = ({ org }: { org: string }) => {
  const { t } = useTranslation(['sign-in', 'common'])
  const [opened, { open, close }] = useDisclosure(false)
  return (
    <>
      <UnstyledButton className={style.footLink} onClick={open}>
        {t('lost.link')}
      </UnstyledButton>
      <Modal opened={opened} onClose={close} title={t('lost.title')} closeButtonProps={{ 'aria-label': t('common:close') }}>
        <Stack gap="md">
          <p>{t('lost.first')}</p>
          <p>{t('lost.then')}</p>
          <p>{t('lost.ask', { org })}</p>
        </Stack>
      </Modal>
    </>
  )
}
