import assert from 'node:assert/strict'
import * as contract from '@postern/contract'
import type { Browser } from './browser.ts'

/** The symbol of a link or static code, as the product lets an operator download it. */
export const symbolPng = async (browser: Browser, codeId: string, size = 800): Promise<Buffer> => {
  const { url } = await browser.call(contract.createDownload, { path: `/api/codes/${codeId}/symbol.png?size=${size}` })
  const answer = await fetch(new URL(url, browser.origin))
  assert.equal(answer.status, 200)
  return Buffer.from(await answer.arrayBuffer())
}
