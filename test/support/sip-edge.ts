/** The SIP edge of a test, and what SIPp plays as the switches that ask it and the gateways that it asks. */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { systemClock } from '../../src/base/clock.ts'
import { createLogger } from '../../src/base/logger.ts'
import { createSipEdge, type SentAnswer, type SipEdge, type SipEdgeOptions } from '../../src/sip/edge.ts'
import type { RedirectAsk } from '../../src/sip/redirect-answer.ts'
import { until } from '../live/net.ts'
import type { SippOptions } from '../live/sipp.ts'
import type { DrachtioProcess } from './drachtio.ts'

export type OpenEdge = {
  readonly edge: SipEdge
  readonly asks: RedirectAsk[]
  readonly answers: SentAnswer[]
  /** Lines of the log that are not `debug`. */
  readonly log: () => readonly string[]
  readonly debugLog: () => string
}

export const openEdge = async (
  drachtio: DrachtioProcess,
  decide: SipEdgeOptions['decide'],
  given: Partial<SipEdgeOptions> = {},
  awaited: ReturnType<SipEdge['state']> = 'up',
): Promise<OpenEdge> => {
  const asks: RedirectAsk[] = []
  const answers: SentAnswer[] = []
  const stream = new PassThrough()
  const lines: string[] = []
  stream.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')))
  const edge = createSipEdge({
    drachtio: { host: '127.0.0.1', port: drachtio.adminPort, secret: drachtio.secret },
    peers: ['127.0.0.1'],
    probe: undefined,
    clock: systemClock,
    logger: createLogger({ level: 'debug', redactNumbers: true }, stream),
    onAnswer: (answer) => answers.push(answer),
    ...given,
    decide: (ask) => {
      asks.push(ask)
      return decide(ask)
    },
  })
  await edge.start()
  await until(`the edge is ${awaited}`, () => edge.state() === awaited)
  return {
    edge,
    asks,
    answers,
    log: () => lines.filter((line) => !line.includes('"level":"debug"')),
    debugLog: () => lines.join('\n'),
  }
}

export type Invite = {
  readonly status: number
  readonly uri: string
  readonly headers: string
  readonly sdp: boolean
  readonly sipp: Partial<SippOptions>
}

const SDP = `Content-Type: application/sdp
Content-Length: [len]

v=0
o=switch 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 19998 RTP/AVP 8 96 101
a=rtpmap:96 opus/48000/2
a=rtpmap:101 telephone-event/8000
`

const scenario = (body: string): string =>
  `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="switch">\n${body}\n</scenario>\n`

const send = (message: string, attributes = ''): string =>
  `<send${attributes}><![CDATA[\n\n${message.trim().replace(/^ +/gm, '')}\n\n]]></send>`

const requestOf = (method: string, uri: string, more: string): string => `${method} ${uri} SIP/2.0
  Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
  From: <sip:+442079469999@acme.test>;tag=[call_number]
  To: <sip:somebody@127.0.0.1>
  Call-ID: [call_id]
  CSeq: 1 ${method}
  Max-Forwards: 70
  Contact: <sip:[local_ip]:[local_port];transport=[transport]>
  ${more}`

const ack = (uri: string): string =>
  send(`ACK ${uri} SIP/2.0
  [last_Via:]
  [last_From:]
  [last_To:]
  [last_Call-ID:]
  CSeq: 1 ACK
  Max-Forwards: 70
  Content-Length: 0
`)

export const inviteXml = ({
  status = 302,
  uri = 'sip:+12125550123@[remote_ip]:[remote_port]',
  headers = '',
  sdp = false,
}: Partial<Invite>): string =>
  scenario(
    [
      send(
        requestOf(
          'INVITE',
          uri,
          `${headers === '' ? '' : `${headers}\n`}${sdp ? SDP : 'Content-Length: 0\n'}`,
        ),
        ' retrans="500"',
      ),
      '<recv response="100" optional="true"/>',
      `<recv response="${status}"/>`,
      ack('sip:+12125550123@[remote_ip]:[remote_port]'),
    ].join('\n'),
  )

/** 302, or 503 once there is nobody behind the server. */
export const EITHER_XML = scenario(
  [
    send(
      requestOf('INVITE', 'sip:+12125550123@[remote_ip]:[remote_port]', 'Content-Length: 0\n'),
      ' retrans="500"',
    ),
    '<recv response="100" optional="true"/>',
    '<recv response="503" optional="true" next="1"/>',
    '<recv response="302"/>',
    '<label id="1"/>',
    ack('sip:+12125550123@[remote_ip]:[remote_port]'),
  ].join('\n'),
)

export const cancelXml = (port: number): string => {
  const uri = `sip:+12125550123@127.0.0.1:${port}`
  return scenario(
    [
      send(requestOf('INVITE', uri, 'Content-Length: 0\n'), ' retrans="500"'),
      '<recv response="100"/>',
      '<pause milliseconds="150"/>',
      send(
        `CANCEL ${uri} SIP/2.0
        [last_Via:]
        From: <sip:+442079469999@acme.test>;tag=[call_number]
        To: <sip:somebody@127.0.0.1>
        Call-ID: [call_id]
        CSeq: 1 CANCEL
        Max-Forwards: 70
        Content-Length: 0
`,
        ' retrans="500"',
      ),
      '<recv response="200"/>',
      '<recv response="487"/>',
      ack(uri),
    ].join('\n'),
  )
}

/** Who is asked; undefined: says nothing. */
export const optionsXml = (status: string | undefined, more = ''): string =>
  scenario(
    [
      '<recv request="OPTIONS"/>',
      status === undefined
        ? '<pause milliseconds="60000"/>'
        : send(`SIP/2.0 ${status}
        [last_Via:]
        [last_From:]
        [last_To:];tag=[call_number]
        [last_Call-ID:]
        [last_CSeq:]
        ${more}Content-Length: 0
`),
    ].join('\n'),
  )

let exchanges = 0

/** One request and the final answer to it, from a socket of its own; rejects after five seconds. */
export const exchange = async (
  port: number,
  method: string,
  to = '<sip:1@acme.test>',
  address = '127.0.0.1',
): Promise<{ readonly status: number; readonly text: string }> => {
  exchanges += 1
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const id = `exchange-${process.pid}-${exchanges}`
  try {
    const more = method === 'SUBSCRIBE' ? 'Event: presence\r\n' : ''
    const request = `${method} sip:1@127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP ${address}:${socket.address().port};branch=z9hG4bK${id};rport\r\nFrom: <sip:2@acme.test>;tag=${id}\r\nTo: ${to}\r\nCall-ID: ${id}\r\nCSeq: 1 ${method}\r\nMax-Forwards: 70\r\nContact: <sip:2@${address}:${socket.address().port}>\r\n${more}Content-Length: 0\r\n\r\n`
    socket.send(request, port, '127.0.0.1')
    const signal = AbortSignal.timeout(5000)
    for (;;) {
      const [message] = (await once(socket, 'message', { signal })) as [Buffer]
      const text = message.toString('latin1')
      const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1])
      if (status >= 200) return { status, text }
    }
  } finally {
    socket.close()
  }
}

export const findSipp = (): string | undefined => {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v sipp'], { encoding: 'utf8' }).trim()
  } catch {
    // There is none.
    return undefined
  }
}
