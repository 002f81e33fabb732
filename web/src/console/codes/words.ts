import type { Code, CodeKind, CodeState, EditableField } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { IconCheck, IconDeviceMobile, IconInfoCircle, IconKey, IconLink, IconQrcode, IconUser } from '../../ui/icons.ts'
import type { Look } from '../../ui/StateBadge.tsx'

export const codeLook: Record<CodeState, Look> = {
  live: 'active',
  'not-yet-valid': 'waiting',
  used: 'used',
  'used-up': 'used',
  expired: 'expired',
  revoked: 'revoked',
}
const kindIcons = {
  'enrol-totp': IconKey,
  'enrol-device': IconDeviceMobile,
  'sign-in': IconQrcode,
  approve: IconCheck,
  link: IconLink,
  static: IconInfoCircle,
}
export const kindIcon = ({ kind, bootstrap }: Pick<Code, 'kind' | 'bootstrap'>) => (bootstrap ? IconUser : kindIcons[kind])

/** Kinds whose symbol holds a secret: a claim uses them up, and nothing draws them again. */
export const authenticates = (kind: CodeKind): boolean => kind !== 'link' && kind !== 'static'
/** What of a kind an edit may change, as the server has it in its table of kinds. */
export const editable: Record<CodeKind, readonly EditableField[]> = {
  'enrol-totp': ['label', 'notBefore', 'expiresAt', 'owner'],
  'enrol-device': ['label', 'notBefore', 'expiresAt', 'owner'],
  'sign-in': [],
  approve: [],
  link: ['label', 'destination', 'expiresAt', 'notBefore', 'scanLimit', 'brand', 'owner'],
  static: ['label', 'brand', 'owner'],
}
/** Whether an edit is taken now: what was used or revoked stays as it is, and so does what authenticates and is over. */
export const canEdit = ({ kind, state }: Pick<Code, 'kind' | 'state'>): boolean =>
  editable[kind].length > 0 &&
  (state === 'live' || state === 'not-yet-valid' || (!authenticates(kind) && (state === 'expired' || state === 'used-up')))
/** Whether a new one can take its place. */
export const canReissue = ({ kind, state, replacedBy, bootstrap }: Code): boolean =>
  kind !== 'static' && kind !== 'sign-in' && kind !== 'approve' && state !== 'used' && !replacedBy && !bootstrap

/** What a code is called: its kind as a deed, and for whom. */
export const useCodeName = () => {
  const { t } = useTranslation('codes')
  return ({ kind, label, user, bootstrap }: Pick<Code, 'kind' | 'label' | 'user' | 'bootstrap'>): string =>
    bootstrap ? t('kind.bootstrap') : t(`named.${kind}`, { name: user?.username ?? label })
}
