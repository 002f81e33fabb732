import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as contract from '@postern/contract'
import { newVisitor, openChromium } from './support/chromium.ts'
import { scratchFolder } from './support/cluster.ts'
import { firstOperator, forgetStep, passcode } from './support/people.ts'
import { enrolHere, enterPasscode, phone, title, typePassword } from './support/screens.ts'
import { startServer } from './support/server.ts'

/** What the phone's camera sees: a film that Chromium reads anew each time a page asks for the camera. */
const film = join(scratchFolder(), 'camera.mjpeg')
const chromium = await openChromium([
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-video-capture=${film}`,
])
/** The camera is held before a picture of another screen. */
const holdBefore = (picture: Buffer): void => {
  const shot = `${film}.png`
  writeFileSync(shot, picture)
  const view = 'scale=800:600:force_original_aspect_ratio=decrease,pad=800:600:(ow-iw)/2:(oh-ih)/2,format=yuvj420p'
  const frames = ['-y', '-loop', '1', '-framerate', '10', '-i', shot, '-t', '1', '-vf', view]
  execFileSync('ffmpeg', [...frames, '-c:v', 'mjpeg', '-q:v', '3', film], { stdio: 'ignore' })
}

/** A camera app as a page: reads frames until a symbol is in one, then goes where it leads. */
const cameraApp = `<!doctype html><html lang="en"><title>Camera</title><video autoplay playsinline muted></video>
<script type="module">
import decodeQR from '/qr/decode.js'
const video = document.querySelector('video')
video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 800, height: 600 } })
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
const look = () => {
  const { videoWidth: width, videoHeight: height } = video
  Object.assign(canvas.canvas, { width, height })
  canvas.drawImage(video, 0, 0)
  let found
  try {
    found = decodeQR({ width, height, data: canvas.getImageData(0, 0, width, height).data })
  } catch {}
  if (found) {
    for (const track of video.srcObject.getTracks()) track.stop()
    location.assign(found)
  } else video.requestVideoFrameCallback(look)
}
video.requestVideoFrameCallback(look)
</script>`
const cameraServer = createServer((request, response) => {
  const script = /^\/qr\/(\w+\.js)$/.exec(request.url ?? '')?.[1]
  response.setHeader('content-type', script ? 'text/javascript' : 'text/html; charset=utf-8')
  response.end(script ? readFileSync(join(import.meta.dirname, '../node_modules/qr', script)) : cameraApp)
})
await new Promise<void>((resolve) => cameraServer.listen(0, '127.0.0.1', resolve))
after(() => cameraServer.close())
const cameraUrl = `http://localhost:${(cameraServer.address() as { port: number }).port}/`

test('a phone reads the enrolment symbol off the operator’s screen with its camera, enrols, and signs in at a desk', async () => {
  const server = await startServer()
  const olga = await firstOperator(server)
  await forgetStep(server, olga)
  const user = await olga.browser.call(contract.createUser, { username: 'camila' })
  const desk = await newVisitor(chromium)
  await desk.page.goto(`${server.origin}/users/${user.id}`)
  await title(desk.page, 'Sign in')
  await typePassword(desk.page, olga)
  await title(desk.page, 'Now the passcode')
  await enterPasscode(desk.page, olga.secret)
  await title(desk.page, 'camila')
  await desk.page.getByRole('button', { name: 'Enrol', exact: true }).click()
  const handing = desk.page.getByRole('dialog', { name: 'Enrolment code for camila' })
  await handing.getByRole('radio', { name: 'An authenticator app' }).check()
  await handing.getByRole('button', { name: 'Issue the code' }).click()
  await handing.getByRole('img', { name: /camila/ }).waitFor()
  holdBefore(await desk.page.screenshot())

  const mobile = await newVisitor(chromium, { ...phone, permissions: ['camera'] })
  await mobile.page.goto(cameraUrl)
  await title(mobile.page, 'Set up an authenticator for camila')
  assert.match(mobile.page.url(), new RegExp(`^${server.origin}/c/cod_[0-9a-z]{26}$`))
  const camila = await enrolHere(mobile.page, { username: 'camila' })
  await handing.getByRole('status').getByText('Set up', { exact: true }).waitFor()
  assert.deepEqual(mobile.complaints, [])
  assert.deepEqual(desk.complaints, [])

  // a symbol of a key is read by the phone's own app in the same way
  const other = await newVisitor(chromium)
  await forgetStep(server, camila)
  await other.page.goto(`${server.origin}/enrol`)
  await title(other.page, 'Sign in')
  await typePassword(other.page, camila)
  await enterPasscode(other.page, camila.secret)
  await title(other.page, 'My account')
  await other.page.goto(`${server.origin}/enrol`)
  await other.page.getByRole('button', { name: 'Continue' }).click()
  await title(other.page, 'Scan this with your authenticator app')
  holdBefore(await other.page.screenshot())
  const scanned = new Promise<string>((resolve) => mobile.page.on('console', (message) => resolve(message.text())))
  await mobile.page.route(cameraUrl, (route) =>
    route.fulfill({ body: cameraApp.replace('location.assign(found)', 'console.log(found)'), contentType: 'text/html' }),
  )
  await mobile.page.goto(cameraUrl)
  const secret = new URL(await scanned).searchParams.get('secret') as string
  await forgetStep(server, camila)
  await other.page.getByLabel(/^Enter the six digits/).fill(passcode(secret))
  await title(other.page, 'Your new key works')
})
