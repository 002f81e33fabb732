import { Modal, Table } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pages } from './pages.ts'

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** `g` then a letter goes to a page, `/` to the search, `?` lists the keys. Never while somebody types or a dialogue is open. */
export const useKeys = () => {
  const navigate = useNavigate()
  const [opened, setOpened] = useState(false)
  useEffect(() => {
    let gAt = 0
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
      if (document.querySelector('[role="dialog"][aria-modal="true"], [data-portal] [role="dialog"]')) return
      const page = Date.now() - gAt < 1500 ? pages.find(({ key }) => key === event.key) : undefined
      gAt = 0
      if (page) {
        event.preventDefault()
        void navigate({ to: page.to })
      } else if (event.key === 'g') gAt = Date.now()
      else if (event.key === '?') setOpened(true)
      else if (event.key === '/') {
        event.preventDefault()
        document.querySelector<HTMLInputElement>('[data-find]')?.focus()
      }
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [navigate])
  return { opened, close: () => setOpened(false) }
}

export const KeysDialog = ({ opened, close }: { opened: boolean; close: () => void }) => {
  const { t } = useTranslation()
  return (
    <Modal opened={opened} onClose={close} title={t('keys.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('keys.key')}</Table.Th>
            <Table.Th>{t('keys.does')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Row keys="/" does={t('keys.search')} />
          <Row keys="?" does={t('keys.help')} />
          <Row keys="x" does={t('keys.select')} />
          <Row keys="↑ ↓" does={t('keys.move')} />
          {pages.map(({ key, name }) => (
            <Row key={key} keys={`g ${key}`} does={t('keys.goTo', { page: t(`nav.${name}`) })} />
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
const Row = ({ keys, does }: { keys: string; does: string }) => (
  <Table.Tr>
    <Table.Td>
      <kbd className="mono">{keys}</kbd>
    </Table.Td>
    <Table.Td>{does}</Table.Td>
  </Table.Tr>
)
