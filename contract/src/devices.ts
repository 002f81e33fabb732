import { z } from 'zod'
import { NoBody, Nothing, page, paging } from './common.ts'
import { endpoint } from './endpoint.ts'
import { DeviceId, Instant, UserId } from './ids.ts'
import { CreationOptions, Registration } from './passkeys.ts'
import { SignIn } from './sign-in.ts'

export const deviceStates = ['active', 'lost', 'revoked'] as const
export type DeviceState = (typeof deviceStates)[number]
export const DeviceName = z.string().trim().min(1, 'give it a name').max(64)

export const Device = z
  .object({
    id: DeviceId,
    name: z.string(),
    state: z.enum(deviceStates),
    stateAt: Instant.nullable().meta({ description: 'When it was reported lost or revoked' }),
    synced: z.boolean().meta({ description: 'BE: its passkey can leave the device. false: held in this device' }),
    backedUp: z.boolean().meta({ description: 'BS: a copy lay elsewhere when it was used last' }),
    model: z.string().nullable().meta({ description: 'Maker or password manager, where its AAGUID is known' }),
    aaguid: z.string(),
    transports: z.array(z.string()),
    platform: z.string(),
    browser: z.string(),
    createdAt: Instant,
    lastUsedAt: Instant.nullable(),
    lastCountry: z.string().nullable(),
    lastCity: z.string().nullable().meta({ description: 'Where the deployment’s database of places knows cities' }),
    codeId: z.string().nullable().meta({ description: 'The code that enrolled it' }),
    current: z.boolean().meta({ description: 'The device that opened this session' }),
  })
  .meta({ id: 'Device' })
export type Device = z.output<typeof Device>

const self = ['no-session', 'session-binding', 'proof-stale', 'step-up-required', 'rate-limited', 'unavailable'] as const
export const passkeyOptions = endpoint({
  method: 'POST',
  path: '/api/me/passkeys/options',
  needs: 'person',
  summary: 'Options for a passkey of this very browser or of a security key; its challenge is good once, for 5 minutes.',
  input: Nothing,
  output: CreationOptions,
  fresh: true,
  recovery: true,
  enrolling: true,
  refusals: [...self, 'enrolment-off', 'conflict'],
})
export const addPasskey = endpoint({
  method: 'POST',
  path: '/api/me/passkeys',
  needs: 'person',
  summary: 'Registers the passkey; goes on with a sign-in that asked for it. A device of its own from then on.',
  input: z.strictObject({ registration: Registration, name: DeviceName.optional() }),
  output: z.object({ device: Device, recoveryCodes: z.array(z.string()).optional(), signIn: SignIn.optional() }),
  status: 201,
  bodyLimit: 128 * 1024,
  fresh: true,
  recovery: true,
  enrolling: true,
  refusals: [...self, 'factor-wrong', 'enrolment-off', 'conflict', 'not-allowed'],
})
export const myDevices = endpoint({
  method: 'GET',
  path: '/api/me/devices',
  needs: 'person',
  summary: 'One’s devices, also those that were lost or revoked; newest first.',
  input: Nothing,
  output: page(Device),
  recovery: true,
  refusals: self,
})
export const renameDevice = endpoint({
  method: 'PATCH',
  path: '/api/me/devices/:id',
  needs: 'person',
  summary: 'Names a device of one’s own.',
  input: z.strictObject({ id: DeviceId, name: DeviceName }),
  output: Device,
  recovery: true,
  refusals: [...self, 'not-found'],
})
export const removeDevice = endpoint({
  method: 'DELETE',
  path: '/api/me/devices/:id',
  needs: 'person',
  summary:
    'Removes a device of one’s own for good, with its sessions. 409 where it is the last second factor that policy demands.',
  input: z.strictObject({ id: DeviceId }),
  output: NoBody,
  status: 204,
  fresh: true,
  recovery: true,
  refusals: [...self, 'not-found', 'conflict'],
})
export const reportMyDeviceLost = endpoint({
  method: 'POST',
  path: '/api/me/devices/:id/lost',
  needs: 'person',
  summary:
    'Reports a device lost: its passkey, and all that it and its browser hold open, are dead with the answer: sessions, sign-ins, requests, codes. Asks for no fresh proof.',
  input: z.strictObject({ id: DeviceId }),
  output: Device,
  recovery: true,
  refusals: [...self, 'not-found', 'conflict'],
})

export const listDevices = endpoint({
  method: 'GET',
  path: '/api/devices',
  needs: 'auditor',
  summary: 'Devices of the deployment, newest first.',
  input: z.strictObject({
    ...paging,
    userId: UserId.optional(),
    state: z.enum(deviceStates).optional(),
    synced: z.enum(['true', 'false']).optional(),
    q: z.string().max(100).optional().meta({ description: 'Device name or person' }),
  }),
  output: page(Device.omit({ current: true }).extend({ user: z.object({ id: UserId, username: z.string() }) })),
  refusals: [],
})
const reason = z.string().trim().max(500).optional()
const end = (verb: 'lost' | 'revoke', summary: string) =>
  endpoint({
    method: 'POST',
    path: `/api/devices/:id/${verb}`,
    needs: 'operator',
    summary,
    input: z.strictObject({ id: DeviceId, reason }),
    output: Device.omit({ current: true }),
    refusals: ['not-found', 'not-allowed', 'conflict'],
  })
export const reportDeviceLost = end('lost', 'Reports a person’s device lost; it is dead at once, with its sessions and codes.')
export const revokeDevice = end('revoke', 'Revokes a person’s device at once, with its sessions and codes.')
