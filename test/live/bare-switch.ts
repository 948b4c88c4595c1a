/** A FreeSWITCH without an engine: its static files, one gateway (`emergency`), and a carrier that obeys the number. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCarrierByNumber, type CarrierByNumber } from './carrier-by-number.ts'
import { freePort, freeRange, until } from './net.ts'
import { startRecorder, type Recorder } from './recorder.ts'
import { startSwitch } from './switch-process.ts'

export type BareSwitch = {
  readonly carrier: CarrierByNumber
  readonly recorder: Recorder
  readonly stop: () => Promise<void>
}

const PASSWORD = 'live-event-socket'

export const startBareSwitch = async (binary: string): Promise<BareSwitch> => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-bare-'))
  const [eventSocketPort, carrierPort, rtp] = [await freePort(), await freePort(), await freeRange(100)]
  const freeswitch = await startSwitch({
    binary,
    folder,
    eventSocketPort,
    environment: {
      STROWGER_XML_CURL_USER: 'switch',
      STROWGER_XML_CURL_PASSWORD: 'nobody-answers',
      STROWGER_URL: `http://127.0.0.1:${await freePort()}`,
      FREESWITCH_PORT: String(eventSocketPort),
      FREESWITCH_PASSWORD: PASSWORD,
      STROWGER_PHONES_IP: '127.0.0.1',
      STROWGER_PHONES_PORT: String(await freePort()),
      STROWGER_TRUNKS_IP: '127.0.0.1',
      STROWGER_TRUNKS_PORT: String(await freePort()),
      STROWGER_RTP_START: String(rtp),
      STROWGER_RTP_END: String(rtp + 99),
      STROWGER_EMERGENCY_GATEWAY: `127.0.0.1:${carrierPort}`,
      FREESWITCH_LOG_LEVEL: 'warning',
    },
  })
  const carrier = await startCarrierByNumber(carrierPort)
  const recorder = await startRecorder(eventSocketPort, PASSWORD)
  await until('the gateway is there', async () =>
    (await recorder.client.api('sofia', 'xmlstatus gateway emergency')).includes('<name>emergency</name>'),
  )
  return {
    carrier,
    recorder,
    stop: async () => {
      await recorder.stop()
      await carrier.stop()
      await freeswitch.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
