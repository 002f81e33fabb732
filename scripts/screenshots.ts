import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { buildWeb } from './build-web.ts'

const root = join(import.meta.dirname, '..')
const images = join(root, 'docs/images')
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })

/** Starts a deployment of its own, plays a small story in it, and takes the pictures of README and docs. */
const main = async (): Promise<void> => {
  buildWeb()
  mkdirSync(images, { recursive: true })
  const data = mkdtempSync(join(tmpdir(), 'postern-pictures-'))
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const server = spawn(process.execPath, [join(root, 'cli/bin/postern.mjs'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      POSTERN_DATA: data,
      POSTERN_ORIGIN: origin,
      POSTERN_LISTEN: `127.0.0.1:${port}`,
      POSTERN_LOG: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const link = await new Promise<string>((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /http:\S+\/c\/\S+#\S+/.exec(said)
      if (found) resolve(found[0])
    })
    server.once('exit', () => reject(new Error('the server ended')))
  })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  try {
    const wide = { viewport: { width: 1280, height: 800 }, locale: 'en-GB', reducedMotion: 'reduce' as const }
    const operator = await (await browser.newContext(wide)).newPage()
    await operator.goto(link)
    await enrol(operator, 'olga', { begin: true, picture: 'wizard' })
    await operator.goto(`${origin}/users`)
    for (const [username, displayName] of [
      ['adam', 'Adam Nowak'],
      ['maria', 'Maria Silva'],
      ['chen', 'Chen Wei'],
    ] as const)
      await createUser(operator, username, displayName)
    const address = await issue(operator, 'adam')
    const phone = await (
      await browser.newContext({
        viewport: { width: 390, height: 844 },
        isMobile: true,
        hasTouch: true,
        // without a window it calls itself a robot, and is counted as one
        userAgent: `Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version()} Mobile Safari/537.36`,
        locale: 'en-GB',
        reducedMotion: 'reduce',
      })
    ).newPage()
    await phone.goto(address)
    await phone.getByRole('button', { name: /get my key/i }).waitFor()
    await shoot(phone, 'phone')
    await operator.goto(`${origin}/codes`)
    await operator.getByRole('link', { name: 'adam' }).first().click()
    await operator.getByRole('button', { name: 'Revoke' }).waitFor()
    await shoot(operator, 'code')
    await operator.goto(`${origin}/users`)
    await operator.getByText('Maria Silva').waitFor()
    await shoot(operator, 'users')
    await operator.goto(`${origin}/events`)
    await operator.getByText('A person was created').first().waitFor()
    await shoot(operator, 'events')
    const visitor = await (await browser.newContext(wide)).newPage()
    await visitor.goto(`${origin}/sign-in`)
    await visitor.getByText('Your phone will ask for this number').waitFor()
    await visitor.getByRole('heading', { name: 'Sign in' }).waitFor()
    await shoot(visitor, 'sign-in')
  } finally {
    await browser.close()
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
}
const shoot = async (page: Page, name: string): Promise<void> => {
  await page.evaluate('document.fonts.ready')
  await page.waitForLoadState('networkidle').catch(() => undefined)
  writeFileSync(join(images, `${name}.png`), await page.screenshot())
}
const enrol = async (page: Page, username: string, options: { begin: boolean; picture: string }): Promise<void> => {
  if (options.begin) await page.getByLabel('User name').fill(username)
  await page.getByRole('button', { name: options.begin ? 'Begin' : /get my key/i }).click()
  await page.getByLabel('Password', { exact: true }).fill('violet harbour walks 42 kilometres')
  const words = await page.getByRole('main').innerText()
  const key = (/(?:\b[A-Z2-7]{4}\s){7}[A-Z2-7]{4}\b/.exec(words) as RegExpExecArray)[0].replaceAll(/\s/g, '')
  await shoot(page, options.picture)
  await page.getByLabel(/^Enter the six digits/).fill(execFileSync('oathtool', ['--totp', '--base32', key]).toString().trim())
  await page.getByRole('button', { name: 'I have saved them' }).click()
  await page.getByRole('button', { name: 'I wrote them down by hand' }).click()
}
const createUser = async (page: Page, username: string, displayName: string): Promise<void> => {
  await page.goto(new URL('/users/new', page.url()).href)
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Display name').fill(displayName)
  await page.getByRole('button', { name: 'Create user' }).click()
  await page.getByRole('heading', { level: 1, name: displayName }).waitFor()
}
const issue = async (page: Page, username: string): Promise<string> => {
  await page.goto(new URL(`/users?q=${username}`, page.url()).href)
  await page
    .getByRole('link', { name: new RegExp(`^${username}`) })
    .first()
    .click()
  await page.getByRole('button', { name: 'Enrol', exact: true }).click()
  await page.getByRole('radio', { name: 'An authenticator app' }).check()
  await page.getByRole('button', { name: 'Issue the code' }).click()
  const shown = page.getByText(/^http\S+\/c\/\S+#/)
  await shown.waitFor()
  return (await shown.innerText()).replaceAll(/\s/g, '')
}
await main()
