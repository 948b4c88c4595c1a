/**
 * SIPp scenarios out of our own documents. Every response and ACK repeats the Via of what it answers, so that no
 * branch has to be counted; what a later message needs of the INVITE is kept in variables.
 */
import type { Party } from '../scenario/scenario.ts'

const xml = (name: string, body: string): string =>
  `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="${name}">\n${body}\n</scenario>\n`

const send = (message: string, attributes = ''): string =>
  `<send${attributes}><![CDATA[\n\n${message.trim().replace(/^ +/gm, '')}\n\n]]></send>`

const pause = (ms: number): string => (ms <= 0 ? '' : `<pause milliseconds="${ms}"/>`)

const EMPTY = 'Content-Length: 0\n'

/** Nobody sends RTP and nobody listens on the port: FreeSWITCH does not mind. */
const SDP = `Content-Type: application/sdp
Content-Length: [len]

v=0
o=party 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [local_ip]
t=0 0
m=audio 19998 RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000`

const SDP_BLOCK = `${SDP}\n`

/** Keeps what a response after a CANCEL, and a request of the called party, need. */
const KEEP = `<action>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="callee"/>
<ereg regexp="sip:[^>;]*" search_in="hdr" header="Contact:" assign_to="contact"/>
</action>`

const TAG = ';tag=[pid]T[call_number]'

const respond = (status: string, more = EMPTY, tagged = true): string =>
  send(`SIP/2.0 ${status}
    [last_Via:]
    [last_From:]
    [last_To:]${tagged ? TAG : ''}
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:[local_ip]:[local_port];transport=[transport]>
    ${more}`)

/** From a 183 to the 180 that follows it. */
const THEN_RINGS_MS = 150

/**
 * The called side: a carrier or a phone. `options`: it is asked by OPTIONS too, each time a dialogue of its own;
 * where it says nothing of them none may come.
 */
export const partyXml = (party: Party, options?: 'answered' | 'unanswered'): string => {
  const calls = callsXml(party)
  if (options === undefined) return calls
  const asked = '<recv request="OPTIONS" optional="true" next="options"/>\n<recv request="INVITE">'
  const answers = options === 'answered' ? respond('200 OK') : pause(120_000)
  return calls
    .replace('<recv request="INVITE">', asked)
    .replace(
      '</scenario>',
      `<nop next="end"><action><exec int_cmd="stop_call"/></action></nop>\n<label id="options"/>\n${answers}\n<label id="end"/>\n</scenario>`,
    )
}

const callsXml = (party: Party): string => {
  const { outcome } = party
  const parts = [`<recv request="INVITE">${KEEP}</recv>`]
  if (outcome.kind === 'silent') {
    // Whatever else comes is a retransmission.
    parts.push(pause(120_000), '<Reference variables="cseq,caller,callee,contact"/>')
    return xml('silent', parts.join('\n'))
  }
  parts.push(respond('100 Trying', EMPTY, false))
  let spent = 0
  if (party.ringAfterMs !== undefined) {
    parts.push(pause(party.ringAfterMs))
    spent = party.ringAfterMs
    parts.push(
      party.earlyMedia === true ? respond('183 Session Progress', SDP_BLOCK) : respond('180 Ringing'),
    )
    if (party.thenRings === true) parts.push(pause(THEN_RINGS_MS), respond('180 Ringing'))
    if (party.thenRings === true) spent += THEN_RINGS_MS
  }
  if (outcome.kind === 'ring-forever') {
    parts.push(
      '<recv request="CANCEL"/>',
      respond('200 OK'),
      send(`SIP/2.0 487 Request Terminated
        [last_Via:]
        From:[$caller]
        To:[$callee]${TAG}
        [last_Call-ID:]
        CSeq:[$cseq]
        ${EMPTY}`),
      '<recv request="ACK"/>',
      '<Reference variables="contact"/>',
    )
    return xml('ring-forever', parts.join('\n'))
  }
  parts.push(pause(outcome.afterMs - spent))
  if (outcome.kind === 'refuse') {
    const reason =
      outcome.reason === undefined ? '' : `Reason: Q.850;cause=${outcome.reason};text="told by the carrier"\n`
    parts.push(
      respond(`${outcome.status} Refused`, `${reason}${EMPTY}`),
      '<recv request="ACK"/>',
      '<Reference variables="cseq,caller,callee,contact"/>',
    )
    return xml('refuse', parts.join('\n'))
  }
  parts.push(respond('200 OK', SDP_BLOCK), '<recv request="ACK"/>')
  if (outcome.hangupAfterMs === undefined) {
    parts.push(
      '<recv request="BYE"/>',
      respond('200 OK', EMPTY, false),
      '<Reference variables="cseq,caller,callee,contact"/>',
    )
  } else {
    parts.push(
      pause(outcome.hangupAfterMs),
      send(
        `BYE [$contact] SIP/2.0
        Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
        From:[$callee]${TAG}
        To:[$caller]
        [last_Call-ID:]
        CSeq: 10 BYE
        Max-Forwards: 70
        ${EMPTY}`,
        ' retrans="500"',
      ),
      '<recv response="200"/>',
      '<Reference variables="cseq"/>',
    )
  }
  return xml('answer', parts.join('\n'))
}

/** A party that is asked anew in the middle of its call, as a switch does that recovers it, before the other side ends. */
export const withReinvite = (document: string): string =>
  document.replace(
    '<recv request="BYE"/>',
    [
      '<recv request="INVITE"/>',
      respond('200 OK', SDP_BLOCK, false),
      '<recv request="ACK"/>',
      '<recv request="BYE"/>',
    ].join('\n'),
  )

export type Caller = {
  /** What stands in From before the address: `"Name" `; as bytes in Latin-1. */
  readonly display?: string
  readonly user: string
  readonly domain: string
  /** With digest; absent: a carrier, who is known by his address. */
  readonly password?: string
  readonly to: string
  readonly hangupAfterMs?: number
  readonly cancelAfterMs?: number
  /** More headers of the INVITE, each line ended. */
  readonly headers?: string
}

const FINALS = [
  400, 401, 402, 403, 404, 408, 410, 480, 481, 482, 483, 484, 486, 487, 488, 500, 501, 502, 503, 504, 600,
  603, 604, 606,
]

/** The calling side. Takes any final answer: which one came is read from the trace. */
export const callerXml = (caller: Caller): string => {
  const { user, domain, password, to, hangupAfterMs, cancelAfterMs } = caller
  const request = (method: string, cseq: number, tail: string, via: string, tag = ''): string =>
    `${method} sip:${to}@[remote_ip]:[remote_port] SIP/2.0
    ${via}
    From: ${caller.display ?? ''}<sip:${user}@${domain}>;tag=[pid]C[call_number]
    ${tag === '' ? `To: <sip:${to}@${domain}>` : tag}
    Call-ID: [call_id]
    CSeq: ${cseq} ${method}
    Contact: <sip:${user}@[local_ip]:[local_port];transport=[transport]>
    Max-Forwards: 70
    ${tail}`
  const via = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]'
  const cseq = password === undefined ? 1 : 2
  const body = `${caller.headers ?? ''}${SDP_BLOCK}`
  const parts = [send(request('INVITE', 1, body, via), ' retrans="500"')]
  if (password !== undefined) {
    parts.push(
      '<recv response="100" optional="true"/>',
      '<recv response="403" optional="true" next="refused"/>',
      '<recv response="503" optional="true" next="refused"/>',
      '<recv response="407" auth="true"/>',
      send(request('ACK', 1, EMPTY, '[last_Via:]', '[last_To:]')),
      send(
        request('INVITE', 2, `[authentication username=${user} password=${password}]\n${body}`, via),
        ' retrans="500"',
      ),
    )
  }
  parts.push('<recv response="100" optional="true"/>')
  if (cancelAfterMs !== undefined) {
    parts.push(
      '<recv response="183" optional="true" next="ringing"/>',
      '<recv response="180"/>',
      '<label id="ringing"/>',
      pause(cancelAfterMs),
      send(request('CANCEL', cseq, EMPTY, '[last_Via:]'), ' retrans="500"'),
      '<recv response="200"/>',
      '<recv response="487"/>',
      send(request('ACK', cseq, EMPTY, '[last_Via:]', '[last_To:]')),
    )
  } else {
    parts.push(
      '<recv response="180" optional="true"/>',
      '<recv response="183" optional="true"/>',
      ...FINALS.map((status) => `<recv response="${status}" optional="true" next="refused"/>`),
      '<recv response="200"/>',
      send(request('ACK', cseq, EMPTY, via, '[last_To:]')),
    )
    if (hangupAfterMs === undefined) {
      parts.push('<recv request="BYE"/>', respond('200 OK', EMPTY, false))
    } else {
      parts.push(
        pause(hangupAfterMs),
        send(request('BYE', cseq + 1, EMPTY, via, '[last_To:]'), ' retrans="500"'),
        '<recv response="200"/>',
      )
    }
  }
  parts.push(
    '<nop next="end"><action><exec int_cmd="stop_call"/></action></nop>',
    '<label id="refused"/>',
    send(request('ACK', cseq, EMPTY, '[last_Via:]', '[last_To:]')),
    '<label id="end"/>',
  )
  return xml('caller', parts.join('\n'))
}

export type Registration = {
  readonly user: string
  readonly domain: string
  readonly password: string
  /** Where the phone will be called. */
  readonly contact: string
}

/** A phone registers; 403 is taken too, and read from the trace. */
export const registerXml = ({ user, domain, password, contact }: Registration): string => {
  const register = (cseq: number, more: string): string =>
    send(
      `REGISTER sip:${domain} SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:${user}@${domain}>;tag=[pid]R[call_number]
      To: <sip:${user}@${domain}>
      Call-ID: [call_id]
      CSeq: ${cseq} REGISTER
      Contact: <${contact}>
      Max-Forwards: 70
      Expires: 3600
      ${more}${EMPTY}`,
      ' retrans="500"',
    )
  return xml(
    'register',
    [
      register(1, ''),
      '<recv response="100" optional="true"/>',
      '<recv response="403" optional="true" next="end"/>',
      '<recv response="401" auth="true"/>',
      register(2, `[authentication username=${user} password=${password}]\n`),
      '<recv response="100" optional="true"/>',
      '<recv response="403" optional="true" next="end"/>',
      '<recv response="200"/>',
      '<label id="end"/>',
    ].join('\n'),
  )
}
