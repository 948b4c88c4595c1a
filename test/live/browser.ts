/** A real browser with a microphone of its own, on loopback. */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const

/** CHROMIUM_BIN, then the usual places. */
export const browserBinary = (): string | undefined =>
  [process.env['CHROMIUM_BIN'], ...PLACES].find((path) => path !== undefined && existsSync(path))

export const openBrowser = (binary: string): Promise<Browser> =>
  chromium.launch({
    executablePath: binary,
    headless: true,
    args: [
      '--no-sandbox',
      // A beep each second instead of a microphone, and nobody is asked.
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      // sofia's own certificate.
      '--ignore-certificate-errors',
      // Otherwise no candidate is offered on an interface that is loopback.
      '--allow-loopback-in-peer-connection',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  })
