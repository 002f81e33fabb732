import {
  getUser,
  listCodes,
  listEvents,
  listSessions,
  listUsers,
  offboardUser,
  resumeUser,
  suspendUser,
  type User,
} from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { useAction } from '../calls.ts'

export type Move = 'suspend' | 'resume' | 'offboard'
const endpoints = { suspend: suspendUser, resume: resumeUser, offboard: offboardUser }

/** Suspend, let back in, off-board: says what ends; the last asks for the name to be typed, for there is no way back. */
export const MoveDialog = ({ user, move, onClose }: { user: User; move: Move; onClose: () => void }) => {
  const { t } = useTranslation('users')
  const act = useAction(endpoints[move], {
    refreshes: [getUser, listUsers, listSessions, listCodes, listEvents],
    onDone: onClose,
  })
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(`move.${move}.ask`, { name: user.username })}
      verb={t(`move.${move}.verb`)}
      reason="optional"
      busy={act.isPending}
      error={act.error}
      {...(move === 'offboard' ? { typed: user.username } : {})}
      onConfirm={(reason) => act.mutate({ id: user.id, ...(reason ? { reason } : {}) })}
    >
      {t(`move.${move}.text`, { sessions: String(user.openSessions) })}
    </ConfirmDialog>
  )
}
