/**
 * A phone (or a carrier) that can be heard and that listens: it answers what is called with a tone of its own in
 * G.711 A-law, and keeps what it hears, so that a test can say which tones a party heard, and when. SIP as far as
 * FreeSWITCH asks it of a callee: INVITE, re-INVITE, UPDATE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { SAMPLE_RATE, decodeALaw, encodeALaw, levelOf } from './tones.ts'

export type TonePhone = {
  readonly tone: number
  /** INVITEs that began a call. */
  readonly invites: () => readonly string[]
  /** Session descriptions of re-INVITEs. */
  readonly reinvites: () => readonly string[]
  /** RFC 4733 events heard, each once. */
  readonly digits: () => string
  /** Sends a digit as RFC 4733 events to whoever it talks with. */
  readonly press: (digit: string) => Promise<void>
  /** How loud a tone was among what came in the last `milliseconds`: 0 not there, 1 as loud as it was sent. */
  readonly hears: (tone: number, milliseconds?: number) => number
  /** The loudest that a tone was in any half second of what is kept. */
  readonly everHeard: (tone: number) => number
  /** Milliseconds of the most recent sound heard, all of it. */
  readonly isTalking: () => boolean
  readonly byes: () => number
  /** Ends the newest call. */
  readonly hangUp: () => void
  readonly stop: () => Promise<void>
}

export type TonePhoneOptions = {
  readonly port: number
  readonly tone: number
  readonly rtpPort: number
  /** Default 100. */
  readonly answerAfterMs?: number
  /** Refuses with this status instead. */
  readonly refuses?: number
  /** Rings and never answers. */
  readonly ringsOnly?: boolean
}

const FRAME = 160
const FRAME_MS = 20
const KEPT_MS = 20_000
const DIGITS = '0123456789*#ABCD'
const TELEPHONE_EVENT = 101

type Dialog = {
  readonly callId: string
  readonly tag: string
  readonly from: string
  readonly to: string
  readonly contact: string
  readonly peer: { readonly address: string; readonly port: number }
  rtp: { address: string; port: number; sends: boolean } | undefined
  over: boolean
}

export const startTonePhone = async (options: TonePhoneOptions): Promise<TonePhone> => {
  const sip = await bound(options.port)
  const rtp = await bound(options.rtpPort)
  const dialogs = new Map<string, Dialog>()
  const invites: string[] = []
  const reinvites: string[] = []
  const heard: { at: number; samples: Float64Array }[] = []
  const timers = new Set<NodeJS.Timeout>()
  let digits = ''
  let lastEvent = -1
  let byes = 0
  let phase = 0
  let sequence = 1
  let timestamp = 1
  let count = 0
  let paused = false

  const after = (ms: number, act: () => void): void => void timers.add(setTimeout(act, ms))

  const live = (): Dialog | undefined => [...dialogs.values()].reverse().find(({ over }) => !over)

  const sendSip = (text: string, to: { address: string; port: number }): void => {
    sip.send(Buffer.from(text.replace(/\r?\n/g, '\r\n')), to.port, to.address)
  }

  const sdp = (direction = 'sendrecv'): string =>
    [
      'v=0',
      'o=tone 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${options.rtpPort} RTP/AVP 8 ${TELEPHONE_EVENT}`,
      'a=rtpmap:8 PCMA/8000',
      `a=rtpmap:${TELEPHONE_EVENT} telephone-event/8000`,
      `a=fmtp:${TELEPHONE_EVENT} 0-15`,
      'a=ptime:20',
      `a=${direction}`,
      '',
    ].join('\n')

  const reply = (request: string, status: string, tag: string, body = ''): string => {
    const to = headerOf(request, 'To')
    return [
      `SIP/2.0 ${status}`,
      ...allOf(request, 'Via').map((via) => `Via: ${via}`),
      `From: ${headerOf(request, 'From')}`,
      `To: ${/;tag=/.test(to) ? to : `${to};tag=${tag}`}`,
      `Call-ID: ${headerOf(request, 'Call-ID')}`,
      `CSeq: ${headerOf(request, 'CSeq')}`,
      `Contact: <sip:tone@127.0.0.1:${options.port}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body.replace(/\n/g, '\r\n'))}`,
      '',
      body,
    ].join('\n')
  }

  const takeMedia = (dialog: Dialog, text: string): string => {
    const port = /^m=audio (\d+)/m.exec(text)?.[1]
    const address = /^c=IN IP4 (\S+)/m.exec(text)?.[1]
    const direction = /^a=(sendonly|recvonly|inactive)/m.exec(text)?.[1]
    if (port !== undefined && address !== undefined)
      // Held (RFC 3264, 8.4): who is told sendonly sends nothing.
      dialog.rtp = { address, port: Number(port), sends: direction === undefined || direction === 'recvonly' }
    return direction === 'sendonly'
      ? 'recvonly'
      : direction === 'recvonly'
        ? 'sendonly'
        : (direction ?? 'sendrecv')
  }

  const onInvite = (request: string, from: { address: string; port: number }): void => {
    const callId = headerOf(request, 'Call-ID')
    const known = dialogs.get(callId)
    if (known !== undefined) {
      if (!/;tag=/.test(headerOf(request, 'To'))) return
      reinvites.push(request)
      const direction = takeMedia(known, request)
      sendSip(reply(request, '200 OK', known.tag, sdp(direction)), from)
      return
    }
    count += 1
    const dialog: Dialog = {
      callId,
      tag: `tone${options.port}-${count}`,
      from: headerOf(request, 'From'),
      to: headerOf(request, 'To'),
      contact: /<([^>]+)>/.exec(headerOf(request, 'Contact'))?.[1] ?? '',
      peer: from,
      rtp: undefined,
      over: false,
    }
    dialogs.set(callId, dialog)
    invites.push(request)
    sendSip(reply(request, '100 Trying', dialog.tag), from)
    if (options.refuses !== undefined) {
      dialog.over = true
      sendSip(reply(request, `${options.refuses} Refused`, dialog.tag), from)
      return
    }
    sendSip(reply(request, '180 Ringing', dialog.tag), from)
    pending.set(callId, request)
    if (options.ringsOnly === true) return
    after(options.answerAfterMs ?? 100, () => {
      if (dialog.over) return
      pending.delete(callId)
      takeMedia(dialog, request)
      sendSip(reply(request, '200 OK', dialog.tag, sdp()), from)
    })
  }
  const pending = new Map<string, string>()

  sip.on('message', (bytes, from) => {
    const text = bytes.toString('latin1')
    const method = /^[A-Z]+/.exec(text)?.[0] ?? ''
    if (text.startsWith('SIP/2.0') || method === 'ACK') return
    const callId = headerOf(text, 'Call-ID')
    const dialog = dialogs.get(callId)
    if (method === 'INVITE') {
      onInvite(text, from)
      return
    }
    if (method === 'BYE') {
      byes += 1
      if (dialog !== undefined) dialog.over = true
    }
    if (method === 'UPDATE' && dialog !== undefined && /^m=audio/m.test(text)) {
      sendSip(reply(text, '200 OK', dialog.tag, sdp(takeMedia(dialog, text))), from)
      return
    }
    sendSip(reply(text, '200 OK', dialog?.tag ?? 'none'), from)
    const invite = pending.get(callId)
    if (method === 'CANCEL' && invite !== undefined && dialog !== undefined) {
      pending.delete(callId)
      dialog.over = true
      sendSip(reply(invite, '487 Request Terminated', dialog.tag), from)
    }
  })

  rtp.on('message', (packet) => {
    const at = Date.now()
    const type = (packet[1] ?? 0) & 0x7f
    if (type === TELEPHONE_EVENT) {
      const stamp = packet.readUInt32BE(4)
      if (stamp !== lastEvent) digits += DIGITS[packet[12] ?? 99] ?? '?'
      lastEvent = stamp
      return
    }
    if (type !== 8) return
    heard.push({ at, samples: decodeALaw(packet.subarray(12)) })
    while (heard[0] !== undefined && heard[0].at < at - KEPT_MS) heard.shift()
  })

  const header = (type: number, marker: boolean, stamp: number): Buffer => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt8(0x80, 0)
    bytes.writeUInt8((marker ? 0x80 : 0) | type, 1)
    bytes.writeUInt16BE(sequence & 0xffff, 2)
    bytes.writeUInt32BE(stamp >>> 0, 4)
    bytes.writeUInt32BE(options.port, 8)
    sequence += 1
    return bytes
  }

  // By the clock, not by the count of ticks: a timer that is late would leave holes.
  const began = performance.now()
  let sent = 0
  const ticker = setInterval(() => {
    while (sent < (performance.now() - began) / FRAME_MS) {
      sent += 1
      timestamp += FRAME
      const frame = encodeALaw(options.tone, phase, FRAME)
      phase += FRAME
      const media = live()?.rtp
      if (media?.sends !== true || paused) continue
      rtp.send(Buffer.concat([header(8, false, timestamp), frame]), media.port, media.address)
    }
  }, FRAME_MS / 2)

  return {
    tone: options.tone,
    invites: () => invites,
    reinvites: () => reinvites,
    digits: () => digits,
    press: async (digit) => {
      const media = live()?.rtp
      const code = DIGITS.indexOf(digit)
      if (media === undefined || code < 0) return
      paused = true
      const stamp = timestamp
      for (let n = 1; n <= 8; n++) {
        const isEnd = n > 5
        const payload = Buffer.from([code, isEnd ? 0x8a : 0x0a, 0, 0])
        payload.writeUInt16BE(Math.min(n, 6) * FRAME, 2)
        rtp.send(Buffer.concat([header(TELEPHONE_EVENT, n === 1, stamp), payload]), media.port, media.address)
        await new Promise((resolve) => after(FRAME_MS, () => resolve(undefined)))
      }
      paused = false
    },
    hears: (tone, milliseconds = 500) => {
      const since = Date.now() - milliseconds
      const recent = heard.filter(({ at }) => at >= since).map(({ samples }) => samples)
      return levelOf(tone, recent, Math.round((milliseconds / 1_000) * SAMPLE_RATE))
    },
    everHeard: (tone) => {
      let most = 0
      const last = heard.at(-1)?.at ?? 0
      for (let from = heard[0]?.at ?? 0; from + 500 <= last; from += 100) {
        const slice = heard.filter(({ at }) => at >= from && at < from + 500).map(({ samples }) => samples)
        most = Math.max(most, levelOf(tone, slice, SAMPLE_RATE / 2))
      }
      return most
    },
    isTalking: () => live()?.rtp !== undefined,
    byes: () => byes,
    hangUp: () => {
      const dialog = live()
      if (dialog === undefined) return
      dialog.over = true
      sendSip(
        [
          `BYE ${dialog.contact} SIP/2.0`,
          `Via: SIP/2.0/UDP 127.0.0.1:${options.port};branch=z9hG4bK${Math.round(performance.now() * 1_000)}`,
          `From: ${/;tag=/.test(dialog.to) ? dialog.to : `${dialog.to};tag=${dialog.tag}`}`,
          `To: ${dialog.from}`,
          `Call-ID: ${dialog.callId}`,
          'CSeq: 10 BYE',
          'Max-Forwards: 70',
          'Content-Length: 0',
          '',
          '',
        ].join('\n'),
        dialog.peer,
      )
    },
    stop: async () => {
      clearInterval(ticker)
      for (const timer of timers) clearTimeout(timer)
      await Promise.all([closed(sip), closed(rtp)])
    },
  }
}

const headerOf = (text: string, name: string): string => allOf(text, name)[0] ?? ''

const allOf = (text: string, name: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^${name}:[ \\t]*(.*?)\\r?$`, 'gim'))].map((found) => found[1] ?? '')

const bound = async (port: number): Promise<Socket> => {
  const socket = createSocket('udp4')
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

const closed = async (socket: Socket): Promise<void> => {
  const over = once(socket, 'close')
  socket.close()
  await over
}
