/** The phone in the browser: it registers over secure WebSocket, calls and is called, and is heard both ways. */
import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { ANSWERS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { browserBinary, openBrowser } from './browser.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { freePort, until } from './net.ts'
import { invitesOf } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const TO = '+442079460123'
const binary = browserBinary()
if (binary === undefined) console.log('no chromium was found: the phone in the browser does not run')
const wss = await freePort()

if (binary !== undefined) {
  live(
    'webrtc',
    (stage) => {
      let browser: Browser
      let page: Page
      const complaints: string[] = []

      suiteSetup(async () => {
        browser = await openBrowser(binary)
      })
      suiteTeardown(async () => {
        await browser.close()
      })
      setup(async () => {
        page = await browser.newPage()
        complaints.length = 0
        page.on('pageerror', (fault) => complaints.push(fault.message))
        page.on('console', (line) => {
          if (line.type() === 'error') complaints.push(line.text())
        })
        await page.addInitScript({ content: REMEMBER_CONNECTIONS })
      })
      teardown(async () => {
        await page.close()
      })

      const signIn = async (device: string, password = passwordOf(device)): Promise<void> => {
        await page.goto(`http://127.0.0.1:${stage().ports.http}/phone/`)
        await page.fill('[name=server]', `wss://127.0.0.1:${wss}`)
        await page.fill('[name=username]', device)
        await page.fill('[name=password]', password)
        await page.fill('[name=domain]', DOMAIN)
        await page.click('#sign-in button')
      }
      const state = (name: string): Promise<unknown> =>
        page.waitForSelector(`#state[data-state=${name}]`, { timeout: 15_000 })

      test('a wrong password is told, and nobody is signed in', async () => {
        await signIn('1003', 'wrong')
        await state('failed')
        assert.match((await page.textContent('#state')) ?? '', /wrong/)
        assert.equal(await page.isVisible('#sign-in'), true)
      })

      test('it dials over a carrier, and is heard both ways over DTLS-SRTP', async () => {
        const { ports, sipp, stale, database } = stage()
        const carrier = await sipp({
          name: 'webrtc-carrier',
          port: ports.carrier.A,
          xml: partyXml(ANSWERS),
          echoes: true,
        })
        await signIn('1003')
        await state('ready')
        for (const key of TO.slice(1)) await page.click(`[data-key="${key}"]`)
        await page.click('#call')
        await state('talking')
        assert.equal(invitesOf(carrier.messages(), stale).length, 1)
        // The carrier sends back what it hears: the beeps of the browser's microphone.
        const heard = await until('audio comes back', async () => {
          const found = await page.evaluate<Heard | undefined>(AUDIO)
          return found !== undefined && found.energy > 0.0001 && found.packets > 50 && found
        })
        assert.match(heard.dtls, /^connected$/)
        await page.click('#mute')
        await page.click('[data-key="5"]')
        await page.click('#hang-up')
        await state('ready')
        const [row] = await until('the record', async () => {
          const found = await database.query<{ disposition: string; callee_number: string }>(
            "SELECT disposition, callee_number FROM call_detail_records WHERE leg = 'A' ORDER BY created_at DESC LIMIT 1",
          )
          return found.length > 0 && found
        })
        assert.equal(row?.disposition, 'ANSWERED')
        assert.deepEqual(complaints, [])
      })

      test('a phone calls it: it rings, answers, holds and takes back', async () => {
        const { ports, sipp, recorder } = stage()
        await signIn('1003')
        await state('ready')
        await sipp({
          name: 'webrtc-caller',
          remote: `127.0.0.1:${ports.phones}`,
          xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: '1003' }),
        })
        await state('incoming')
        assert.match((await page.textContent('#party')) ?? '', /1001/)
        await page.click('#answer')
        await state('talking')
        await page.click('#hold')
        await state('held')
        await page.click('#hold')
        await state('talking')
        await page.click('#hang-up')
        await state('ready')
        await until('no channel is left', async () => (await recorder.channels()).length === 0)
        assert.deepEqual(complaints, [])
      })
    },
    { environment: { STROWGER_WSS: `:${wss}` } },
  )
}

type Heard = { readonly packets: number; readonly energy: number; readonly dtls: string }

// What runs in the page is text: compiled functions call names that only exist here.

/** Before the page's own scripts. */
const REMEMBER_CONNECTIONS = `
  window.made = []
  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct: (Native, given) => {
      const connection = new Native(...given)
      window.made.push(connection)
      return connection
    },
  })`

const AUDIO = `(async () => {
  const stats = [...(await window.made.at(-1).getStats()).values()]
  const inbound = stats.find(({ type }) => type === 'inbound-rtp')
  const transport = stats.find(({ type }) => type === 'transport')
  return inbound && transport && {
    packets: inbound.packetsReceived, energy: inbound.totalAudioEnergy, dtls: transport.dtlsState,
  }
})()`
