/**
 * What four common apps do with settings other than SHA-1, 6 digits, 30 s. Each cell with where it is said and when; where reports
 * differ or nobody said, so does the cell. Looked up on 2026-11-24.
 */
export type Verdict = 'yes' | 'no' | 'varies' | 'unknown'
export type Setting = 'sha256' | 'sha512' | 'digits8' | 'period'
export type Said = { verdict: Verdict; source?: string; url?: string; date?: string }
export type App = { id: string; name: string; platforms: string; settings: Record<Setting, Said> | undefined }

export const settingsInQuestion: readonly Setting[] = ['sha256', 'sha512', 'digits8', 'period']

const marier = { source: 'fmarier.org', url: 'http://referrer.fmarier.org/posts/totp-in-2025', date: '2025' }
const tested2022 = {
  source: 'gist gwelch-contegix',
  url: 'https://gist.github.com/gwelch-contegix/afa52c7b45693a19c198ab0bfb886fe2',
  date: '2022-11-23',
}
const aruba = { source: 'ArubaOTP-seed-extractor #21', url: 'https://github.com/andry08/ArubaOTP-seed-extractor/issues/21' }
const otpNet = { source: 'Otp.NET #54', url: 'https://github.com/kspearrin/Otp.NET/issues/54', date: '2023-12-29' }
const authelia = {
  source: 'Authelia',
  url: 'https://www.authelia.com/reference/integrations/time-based-one-time-password-apps/',
  date: '2024-03-14',
}
const keepassxc = {
  source: 'KeePassXC Totp.cpp 17606d9',
  url: 'https://github.com/keepassxreboot/keepassxc/blob/17606d9a286718d99b56ab9d35b7f0ca48992a3d/src/core/Totp.cpp',
  date: '2026-11-24',
}

export const apps: readonly App[] = [
  {
    id: 'google',
    name: 'Google Authenticator',
    platforms: 'Android, iPhone',
    settings: {
      sha256: { verdict: 'varies', ...marier },
      sha512: { verdict: 'varies', ...tested2022 },
      digits8: { verdict: 'varies', ...aruba, date: '2023-07-09' },
      period: { verdict: 'no', ...aruba, date: '2023-07-09' },
    },
  },
  {
    id: 'microsoft',
    name: 'Microsoft Authenticator',
    platforms: 'Android, iPhone',
    settings: {
      sha256: { verdict: 'no', ...marier },
      sha512: { verdict: 'no', ...otpNet },
      digits8: { verdict: 'no', ...tested2022 },
      period: {
        verdict: 'no',
        source: 'TwoFactorAuth.Net #18',
        url: 'https://github.com/RobThree/TwoFactorAuth.Net/issues/18',
        date: '2021-02-16',
      },
    },
  },
  {
    id: '1password',
    name: '1Password',
    platforms: 'Android, iPhone, Windows, macOS, Linux',
    settings: {
      sha256: { verdict: 'varies', ...authelia },
      sha512: { verdict: 'no', ...authelia },
      digits8: { verdict: 'no', ...authelia },
      period: { verdict: 'unknown' },
    },
  },
  {
    id: 'keepassxc',
    name: 'KeePassXC',
    platforms: 'Windows, macOS, Linux',
    settings: {
      sha256: { verdict: 'yes', ...keepassxc },
      sha512: { verdict: 'yes', ...keepassxc },
      digits8: { verdict: 'yes', ...keepassxc },
      period: { verdict: 'yes', ...keepassxc },
    },
  },
  { id: 'other', name: '', platforms: '', settings: undefined },
]

/** Which of a key's settings an app does not follow for certain. Another app: all that differ from what every app knows. */
export const doubtful = (app: App, key: { algorithm: string; digits: number; periodSeconds: number }): Setting[] => {
  const asked: Setting[] = []
  if (key.algorithm === 'SHA256') asked.push('sha256')
  if (key.algorithm === 'SHA512') asked.push('sha512')
  if (key.digits !== 6) asked.push('digits8')
  if (key.periodSeconds !== 30) asked.push('period')
  return asked.filter((setting) => app.settings?.[setting].verdict !== 'yes')
}
