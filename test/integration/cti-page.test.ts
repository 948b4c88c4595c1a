/** The adapter that Salesforce embeds, in a real browser: Salesforce's script is the only thing that is not real. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { browserBinary, openBrowser } from '../live/browser.ts'
import { freePort } from '../live/net.ts'
import { startEngine, type EngineProcess } from '../support/engine.ts'

const SALESFORCE = 'https://acme.my.salesforce.com'
const binary = browserBinary()
if (binary === undefined) console.log('no chromium was found: the adapter for Salesforce does not run')

/** The part of Open CTI that the page uses, keeping what it is told (Salesforce, Open CTI Developer Guide). */
const OPEN_CTI = `window.sforce = { opencti: {
  enableClickToDial: ({ callback }) => { window.enabled = true; callback({ success: true }) },
  onClickToDial: ({ listener }) => { window.click = listener },
  setSoftphonePanelVisibility: ({ visible }) => { window.panel = visible },
  saveLog: ({ value }) => { window.task = value },
} }`

const suiteWhere = binary === undefined ? suite.skip : suite

suiteWhere('the Salesforce adapter', function () {
  this.timeout(60_000)
  let folder: string
  let engine: EngineProcess
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  suiteSetup(async function () {
    this.timeout(90_000)
    folder = mkdtempSync(join(tmpdir(), 'strowger-cti-'))
    engine = await startEngine({
      dataDir: folder,
      httpPort: await freePort(),
      environment: { STROWGER_SALESFORCE_ORIGINS: `${SALESFORCE},https://acme.lightning.force.com` },
      wait: 'ready',
    })
    browser = await openBrowser(binary ?? '')
  })
  suiteTeardown(async function () {
    this.timeout(30_000)
    await browser.close()
    await engine.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })
  setup(async () => {
    page = await browser.newPage()
    complaints.length = 0
    page.on('pageerror', (fault) => complaints.push(fault.message))
    await page.route(`${SALESFORCE}/**`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: OPEN_CTI }),
    )
    await page.goto(`${engine.url}/cti/`)
    await page.waitForSelector('body[data-ready]')
  })
  teardown(() => page.close())

  const signIn = async (token: string): Promise<void> => {
    const { users } = (await engine.api('/v1/users')).json() as { users: { id: number; extension: string }[] }
    await page.fill('[name=userId]', String(users.find(({ extension }) => extension === '1001')?.id))
    await page.fill('[name=token]', token)
    await page.click('#sign-in button')
  }
  const click = (number: string): Promise<unknown> =>
    page.evaluate(
      `window.click({ number: '${number}', recordId: '0012400000abcDEF', objectType: 'Account' })`,
    )
  const shows = (name: string): Promise<unknown> =>
    page.waitForSelector(`#state[data-state=${name}]`, { timeout: 15_000 })

  test('a click rings the phone, then the number; the end of the call becomes a task of the record', async () => {
    await signIn(engine.token())
    await click('+44 20 7946 0123')
    await shows('talking')
    assert.equal(await page.evaluate('window.panel'), true)
    const { calls } = (await engine.api('/v1/calls')).json() as { calls: { to: string; callId: string }[] }
    assert.deepEqual(
      calls.map(({ to }) => to),
      ['+442079460123'],
    )
    await page.click('#hang-up')
    await shows('ready')
    const task = await page.evaluate<Record<string, unknown>>('window.task')
    assert.deepEqual(
      [task['Subject'], task['CallDisposition'], task['WhatId']],
      ['Call to +44 20 7946 0123', 'Answered', '0012400000abcDEF'],
    )
    assert.deepEqual(complaints, [])
  })

  test('a token that is not valid is told, and asked for again', async () => {
    await signIn('nonsense')
    await click('+442079460123')
    await shows('signed-out')
    assert.match((await page.textContent('#state')) ?? '', /token/)
  })

  test('what cannot be dialled is told in words for people', async () => {
    await signIn(engine.token())
    await click('999999999999999')
    await shows('failed')
    assert.notEqual(await page.textContent('#state'), '')
    assert.deepEqual((await engine.api('/v1/calls')).json(), { success: true, calls: [] })
  })

  test('only Salesforce may embed it, and no script but its own and theirs is run', async () => {
    const { headers } = await fetch(`${engine.url}/cti/`)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(
      policy,
      /frame-ancestors https:\/\/acme\.my\.salesforce\.com https:\/\/acme\.lightning\.force\.com/,
    )
    assert.match(policy, /script-src 'self' https:\/\/acme\.my\.salesforce\.com/)
    assert.match(
      (await fetch(`${engine.url}/phone/`)).headers.get('content-security-policy') ?? '',
      /frame-ancestors 'none'/,
    )
    for (const path of [
      '/cti/phone.js',
      '/phone/cti.html',
      '/phone/../package.json',
      '/phone/%2e%2e/main.js',
    ])
      assert.equal((await fetch(`${engine.url}${path}`)).status, 404, path)
  })
})
