import { listDevices, type User } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Bleed } from '../../ui/Columns.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Section } from '../../ui/Page.tsx'
import { useList } from '../calls.ts'
import { useDeviceColumns } from './columns.tsx'

/** A person's devices, on their page: each can be reported lost or revoked. */
export const PersonDevices = ({ user, may }: { user: User; may: boolean }) => {
  const { t } = useTranslation('devices')
  const { more: _more, ...devices } = useList(listDevices, { userId: user.id, limit: 20 })
  return (
    <Section
      title={t('title')}
      aside={
        <Link to="/devices" search={{ userId: user.id } as never}>
          {t('all')}
        </Link>
      }
    >
      <Bleed>
        <DataTable
          label={t('title')}
          {...devices}
          columns={useDeviceColumns({ person: false, may })}
          rowKey={({ id }) => id}
          empty={<p className="t2">{t('nonePerson')}</p>}
        />
      </Bleed>
    </Section>
  )
}
