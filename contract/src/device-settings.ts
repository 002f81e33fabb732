import { z } from 'zod'
import { Nothing } from './common.ts'
import { endpoint, roles } from './endpoint.ts'
import { Instant } from './ids.ts'

const check = z.enum(['off', 'warn', 'require'])
const Roles = z.array(z.enum(roles)).max(4)

/** Certificates that Settings → Devices keeps at most. */
export const rootsMost = 20
/** Settings → Devices: passkeys, and signing in with the phone. Defaults as RFC 10027 (BCP 247) advises; see docs/rfc-10027.md. */
export const DeviceSettings = z
  .object({
    qr: z
      .enum(['off', 'second-factor', 'passwordless'])
      .meta({ description: 'Our moving code: not offered; after a password; alone. By default alone' }),
    computerFirst: Roles.meta({
      description: 'Roles that prove a password on the computer before our code counts (RFC 10027 §6.1.15); operators and owners',
    }),
    oneFrame: z.boolean().meta({ description: 'Whether one frame by a phone’s own camera app is enough; rated lower' }),
    near: check.meta({ description: 'Phone and computer in the same network or country (§6.1.1)' }),
    knownBrowser: check.meta({ description: 'A browser that signed this person in before (§6.1.7)' }),
    startNetworks: z
      .array(z.union([z.cidrv4(), z.cidrv6()], 'a network with its length, as 192.0.2.0/24 or 2001:db8::/32'))
      .max(100)
      .meta({ description: 'Networks that may ask for our code (§6.1.8); empty: all' }),
    deviceHeld: Roles.meta({ description: 'Roles whose passkeys must not be able to leave the device (BE=0)' }),
    devicesEach: z.number().int().min(1).max(100).meta({ description: 'Active devices a person may have' }),
    sessionMinutes: z.number().int().min(5).max(720).meta({ description: 'Life of a session that our code opened (§6.1.10)' }),
    // written like a UUID, but not by the rules of one: real ones have other versions and variants
    models: z.array(z.guid()).max(500).meta({ description: 'AAGUIDs that may register; empty: all. Asks for attestation' }),
    attestationRoots: z.string().max(65_536, 'at most 64 KiB of certificates').optional().meta({
      description:
        'Root certificates of makers, as PEM: beside the formats that are checked anyway, what an attestation may lead to. Left out, they stay',
    }),
  })
  .meta({ id: 'DeviceSettings' })
export type DeviceSettings = z.output<typeof DeviceSettings>
const Shown = DeviceSettings.extend({ version: z.number().int() })
export const getDeviceSettings = endpoint({
  method: 'GET',
  path: '/api/settings/devices',
  needs: 'auditor',
  summary: 'Settings → Devices; carries an ETag.',
  input: Nothing,
  output: Shown,
  etag: true,
  refusals: [],
})
export const putDeviceSettings = endpoint({
  method: 'PUT',
  path: '/api/settings/devices',
  needs: 'operator',
  summary: 'Saves Settings → Devices. What is softer for operators and owners is an owner’s to decide.',
  input: z.strictObject(DeviceSettings.shape),
  output: Shown,
  ifMatch: true,
  fresh: true,
  bodyLimit: 256 * 1024,
  refusals: ['conflict', 'not-allowed', 'precondition-failed', 'if-match-missing', 'step-up-required'],
})
/** What a list of models can hold: the names that are known, and what this deployment can check at all. */
export const passkeyModels = endpoint({
  method: 'GET',
  path: '/api/settings/devices/models',
  needs: 'auditor',
  summary: 'Models of authenticators whose names are known, and which of them can prove here what they are.',
  input: Nothing,
  output: z.object({
    roots: z
      .array(z.object({ name: z.string(), fingerprint: z.string(), until: Instant }))
      .meta({ description: 'Root certificates that Settings → Devices holds; `fingerprint`: SHA-256' }),
    formats: z.array(z.string()).meta({
      description:
        'Attestation formats that are checked to the root of their maker. Every other one proves something only where it leads to one of `roots`',
    }),
    items: z.array(
      z.object({
        aaguid: z.string(),
        name: z.string(),
        provable: z.boolean().meta({
          description:
            'Known to attest in one of these formats, or under one of these roots, so that a list of models can take it',
        }),
      }),
    ),
    nextCursor: z.null(),
  }),
  refusals: [],
})
