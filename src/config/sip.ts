/** The SIP edge over drachtio: the variables DRACHTIO_URL and SIP_*. */
import { asError } from '../base/errors.ts'
import { isNetwork } from './network.ts'
import type { Reader } from './reader.ts'

export type SipConfig = {
  readonly host: string
  readonly port: number
  readonly secret: string
  /** Networks whose switches may ask for a redirect, in CIDR form. */
  readonly peers: readonly string[]
  /** Seconds between OPTIONS to one gateway; 0: none. */
  readonly optionsSeconds: number
}

export const readSip = ({ whole, text, url, problem }: Reader): SipConfig | undefined => {
  const optionsSeconds = whole('SIP_OPTIONS_INTERVAL', 0, 86_400)
  const peers = text('SIP_REDIRECT_PEERS')
    .split(',')
    .map((peer) => peer.trim())
  for (const peer of peers) {
    if (!isNetwork(peer)) problem(`SIP_REDIRECT_PEERS has "${peer}": it takes networks such as 192.0.2.0/24`)
  }
  const address = url('DRACHTIO_URL', ['drachtio:'])
  if (address === undefined) return undefined
  const { hostname, port, password } = new URL(address)
  if (hostname === '' || password === '')
    problem('DRACHTIO_URL takes drachtio://:secret@host:port, secret and host included')
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DRACHTIO_PORT : Number(port),
    secret: drachtioSecret(password, problem),
    peers,
    optionsSeconds,
  }
}

/** drachtio's own protocol separates by `|` and line breaks. */
const drachtioSecret = (text: string, problem: Reader['problem']): string => {
  try {
    const secret = decodeURIComponent(text)
    if (/[|\r\n\0]/.test(secret)) problem('DRACHTIO_URL has a secret with | or a line break in it')
    return secret
  } catch (fault) {
    problem(`DRACHTIO_URL has a secret that cannot be read: ${asError(fault).message}`)
    return text
  }
}

/** Of drachtio's admin door (drachtio.conf.xml). */
const DRACHTIO_PORT = 9022
