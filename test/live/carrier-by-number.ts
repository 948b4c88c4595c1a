/**
 * A carrier that does what the dialled number says, so that one process plays every refusal there is:
 * `+999PSSSRRR`, or `+44207PSSSRRR` where it has to be a valid number: P the progress (0 none, 1 180, 2 183 with SDP,
 * 3 both), SSS the final status, RRR the cause of a Q.850
 * Reason header, 000 for none. A status of 200 answers. Every refusal has a Retry-After, and every 3xx a Contact.
 */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export type CarrierByNumber = {
  /** The numbers of the INVITEs that came, repetitions left out, in order. */
  readonly invited: () => readonly string[]
  readonly stop: () => Promise<void>
}

export const numberOf = (progress: 0 | 1 | 2 | 3, status: number, reason = 0): string =>
  `+999${progress}${status}${String(reason).padStart(3, '0')}`

const STEP_MS = 40

/** No port and no other figure of a message. */
export const RETRY_AFTER_SECONDS = 77_177

export const startCarrierByNumber = async (port: number): Promise<CarrierByNumber> => {
  const socket = createSocket('udp4')
  const invited = new Map<string, string>()
  const answer = (peer: RemoteInfo, request: string, status: number, more = '', body = ''): void => {
    const tag = status === 100 ? '' : `;tag=c${port}`
    const head = ['Via', 'Record-Route', 'From', 'To', 'Call-ID', 'CSeq'].flatMap((name) =>
      [...request.matchAll(new RegExp(`^${name}:.*$`, 'gim'))].map(([line]) =>
        name === 'To' && !/;tag=/.test(line) ? `${line.trimEnd()}${tag}` : line.trimEnd(),
      ),
    )
    const content = body === '' ? '' : 'Content-Type: application/sdp\r\n'
    socket.send(
      `SIP/2.0 ${status} Told\r\n${head.join('\r\n')}\r\nContact: <sip:c@127.0.0.1:${port}>\r\n${more}${content}Content-Length: ${body.length}\r\n\r\n${body}`,
      peer.port,
      peer.address,
    )
  }
  const play = async (peer: RemoteInfo, request: string, number: string): Promise<void> => {
    const [, progress = '0', status = '404', reason = '000'] =
      /^\+?(?:999|44207)(\d)(\d{3})(\d{3})$/.exec(number) ?? []
    answer(peer, request, 100)
    if (progress === '2' || progress === '3') {
      await sleep(STEP_MS)
      answer(peer, request, 183, '', SDP)
    }
    if (progress === '1' || progress === '3') {
      await sleep(STEP_MS)
      answer(peer, request, 180)
    }
    if (progress !== '0') await sleep(3 * STEP_MS)
    if (status === '200') {
      answer(peer, request, 200, '', SDP)
      return
    }
    const why = reason === '000' ? '' : `Reason: Q.850;cause=${Number(reason)};text="told by the carrier"\r\n`
    answer(peer, request, Number(status), `Retry-After: ${RETRY_AFTER_SECONDS}\r\n${why}`)
  }
  socket.on('message', (bytes, peer) => {
    const request = bytes.toString('latin1')
    const [, method = '', number = ''] = /^([A-Z]+) sips?:([^@;\s]*)/.exec(request) ?? []
    // A repeated INVITE is the same request; one with another CSeq is the next try (422 makes sofia try again).
    const key = ['Call-ID', 'CSeq'].map((name) => new RegExp(`^${name}:.*$`, 'im').exec(request)?.[0]).join()
    if (method === 'INVITE') {
      if (invited.has(key)) return
      invited.set(key, number)
      void play(peer, request, number)
    } else if (method !== 'ACK' && method !== '') answer(peer, request, 200)
  })
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return {
    invited: () => [...invited.values()],
    stop: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

const SDP =
  'v=0\r\no=c 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 19996 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n'
