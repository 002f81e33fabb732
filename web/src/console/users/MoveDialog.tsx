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
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { useAction, useCall } from '../calls.ts'
import { useSession } from '../session.ts'
import style from './Users.module.css'

export type Move = 'suspend' | 'resume' | 'offboard'
const endpoints = { suspend: suspendUser, resume: resumeUser, offboard: offboardUser }

/** Suspend, let back in, off-board: says what ends; the last asks for the name to be typed, for there is no way back. */
export const MoveDialog = ({ user, move, onClose }: { user: User; move: Move; onClose: () => void }) => {
  const { t } = useTranslation(['users', 'common'])
  useFocusBack()
  const self = useSession().user.id === user.id
  const open = useCall(listCodes, { userId: user.id, state: 'live', limit: 200 })
  const act = useAction(endpoints[move], {
    refreshes: [getUser, listUsers, listSessions, listCodes, listEvents],
    onDone: onClose,
  })
  const { factors } = user
  const ends = [
    user.openSessions > 0 && t('ends.sessions', { count: user.openSessions }),
    open.data && open.data.items.length > 0 && t('ends.codes', { count: open.data.items.length }),
    ...(move === 'offboard'
      ? [
          factors.password && t('ends.password'),
          factors.totp && t('ends.totp'),
          factors.recoveryCodesLeft > 0 && t('ends.recovery', { count: factors.recoveryCodesLeft }),
          t('ends.tokens'),
        ]
      : []),
  ].filter((one) => typeof one === 'string')
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(`move.${move}.ask`, { name: user.username })}
      verb={t(`move.${move}.verb`)}
      reason="optional"
      busy={act.isPending}
      error={act.error?.problem.code === 'conflict' ? undefined : act.error}
      {...(move === 'offboard' ? { typed: user.username } : {})}
      onConfirm={(reason) => act.mutate({ id: user.id, ...(reason ? { reason } : {}) })}
    >
      <p>{t(`move.${move}.text`)}</p>
      {move !== 'resume' && (
        <ul className={style.ends}>
          {ends.map((one) => (
            <li key={one}>{one}</li>
          ))}
          {ends.length === 0 && <li>{t('ends.nothing')}</li>}
        </ul>
      )}
      {move !== 'resume' && <p>{t(`move.${move}.stays`)}</p>}
      {self && move !== 'resume' && <Note tone="warn">{t('moveSelf')}</Note>}
      {act.error?.problem.code === 'conflict' && (
        <Note tone="fail" title={t('moveConflict')}>
          {user.roles.includes('owner') ? t('lastOwner') : t('moveConflictText')}
        </Note>
      )}
    </ConfirmDialog>
  )
}
