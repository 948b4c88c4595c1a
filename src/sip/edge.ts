/**
 * The SIP edge: answers switches that are not FreeSWITCH with the ordered carriers of a number (302), and asks
 * gateways by OPTIONS whether they are there; both over a drachtio-server. It holds no call and decides nothing.
 * Whatever comes is answered: by the decision, by a refusal, by 500 on a fault of ours; an ACK by nothing.
 */
import { sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { createDrachtioLink, type DrachtioAddress, type LinkState } from './drachtio-link.ts'
import type { SipRequest, SipResponder } from './drachtio-package.ts'
import { createOptionsProbe, type OptionsProbe, type ProbeResult, type ProbeTarget } from './options-probe.ts'
import { createPeers, plainAddress } from './peers.ts'
import { readInvite } from './read-invite.ts'
import { OWN_FAULT, renderAnswer, type DecideRedirect, type SipAnswer } from './redirect-answer.ts'

export type SipEdge = {
  /** Resolves when the first connection is being tried. @throws EngineError SIP_PACKAGE_MISSING */
  readonly start: () => Promise<void>
  /** INVITEs that were handed to us are answered first; takes six seconds at the most, without a connection none. */
  readonly stop: () => Promise<void>
  readonly state: () => LinkState
}

export type SipEdgeOptions = {
  readonly drachtio: DrachtioAddress
  /** Addresses and networks of the switches that may ask. */
  readonly peers: readonly string[]
  readonly decide: DecideRedirect
  /** Undefined: gateways are not asked. */
  readonly probe:
    | {
        readonly intervalMs: number
        readonly gateways: () => readonly ProbeTarget[]
        readonly onProbe: (result: ProbeResult) => void
      }
    | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Each answer that was sent, for whoever counts. */
  readonly onAnswer?: ((answer: SentAnswer) => void) | undefined
}

export type SentAnswer = { readonly method: string; readonly status: number; readonly elapsedMs: number }

export const DECIDE_TIMEOUT_MS = 3000

/** @throws EngineError SIP_BAD_PEER */
export const createSipEdge = (options: SipEdgeOptions): SipEdge => {
  const { clock, logger, decide } = options
  const peers = createPeers(options.peers)
  /** INVITEs that wait for their decision. */
  const deciding = new Set<Promise<void>>()
  const tellStranger = atMostEach(60_000, clock)
  const tellFault = atMostEach(60_000, clock)
  const tellUnusable = atMostEach(60_000, clock)

  const onRequest = (request: SipRequest, responder: SipResponder): void => {
    const begin = clock.monotonic()
    const send = (answer: SipAnswer): void => {
      const { status } = sendAnswer(responder, answer, logger)
      options.onAnswer?.({ method: request.method, status, elapsedMs: clock.monotonic() - begin })
    }
    const sourceAddress = plainAddress(request.source_address)
    if (!peers.includes(sourceAddress)) {
      // Silence would hide nothing: the server has said 100 Trying by itself, and would keep the transaction.
      send({ status: 403, reason: 'Forbidden', headers: {} })
      tellStranger((times) =>
        logger.warn({ sourceAddress, method: request.method, times }, 'SIP from an address that may not ask'),
      )
      return
    }
    if (request.method !== 'INVITE' || isWithinDialog(request)) {
      send(answerTo(request))
      return
    }
    const answered = answerInvite(request, sourceAddress, send).finally(() => deciding.delete(answered))
    deciding.add(answered)
  }

  const answerInvite = async (
    request: SipRequest,
    sourceAddress: string,
    send: (answer: SipAnswer) => void,
  ): Promise<void> => {
    const cancelled = new AbortController()
    request.on('cancel', () => cancelled.abort())
    const answer = await decideOn(request, sourceAddress).catch((fault: unknown) => {
      tellFault((times) => logger.error({ err: asError(fault), times }, 'no decision on an INVITE: 500'))
      return OWN_FAULT
    })
    // The server has answered the CANCEL, and the INVITE with 487.
    if (!cancelled.signal.aborted) send(answer)
  }

  const decideOn = async (request: SipRequest, sourceAddress: string): Promise<SipAnswer> => {
    const { uri, body } = request
    const read = readInvite({ uri, body, sourceAddress, header: (name) => request.get(name) })
    if (read.kind === 'refuse') {
      logger.debug({ sourceAddress, status: read.status, reason: read.reason }, 'an INVITE is refused unread')
      return renderAnswer(read).sip
    }
    const { ask } = read
    const answer = await inTime(clock, async () => decide(ask))
    const { sip, unusable } = renderAnswer(answer)
    for (const { hostname, port } of unusable)
      tellUnusable((times) =>
        logger.error({ hostname, port, times }, 'a contact that cannot be written is left out'),
      )
    logger.debug(
      { number: ask.requestUser, callId: ask.callId, sourceAddress, status: sip.status },
      'redirect',
    )
    return sip
  }

  const link = createDrachtioLink({
    drachtio: options.drachtio,
    clock,
    logger,
    onRequest,
    onDown: () => probe?.forget(),
  })
  const probe: OptionsProbe | undefined =
    options.probe === undefined
      ? undefined
      : createOptionsProbe({ ...options.probe, clock, logger, send: link.sendOptions })

  return {
    start: async () => {
      await link.start()
      probe?.start()
    },
    stop: async () => {
      probe?.stop()
      await link.stop(async () => {
        while (deciding.size > 0) await Promise.all(deciding)
      })
    },
    state: link.state,
  }
}

const ALLOW = 'INVITE, ACK, CANCEL, OPTIONS'

/** We make no dialog: whatever says that it belongs to one is mistaken (RFC 3261 12.2.2). */
const isWithinDialog = (request: SipRequest): boolean => /;\s*tag\s*=/i.test(request.get('To') ?? '')

const answerTo = (request: SipRequest): SipAnswer => {
  if (isWithinDialog(request) || request.method === 'BYE')
    return { status: 481, reason: 'Call/Transaction Does Not Exist', headers: {} }
  return request.method === 'OPTIONS'
    ? { status: 200, reason: 'OK', headers: { Allow: ALLOW, Accept: 'application/sdp' } }
    : { status: 405, reason: 'Method Not Allowed', headers: { Allow: ALLOW } }
}

/** A status that the package does not know is a fault of ours. */
const sendAnswer = (
  responder: SipResponder,
  answer: SipAnswer,
  logger: Logger,
): { readonly status: number } => {
  try {
    responder.send(answer.status, answer.reason, { headers: { ...answer.headers } })
    return answer
  } catch (fault) {
    logger.error({ err: asError(fault), status: answer.status }, 'a SIP answer could not be sent')
    if (answer !== OWN_FAULT) return sendAnswer(responder, OWN_FAULT, logger)
    return answer
  }
}

/** @throws EngineError SIP_NO_DECISION, or what `act` throws */
const inTime = async <Result>(clock: Clock, act: () => Promise<Result>): Promise<Result> => {
  const decided = new AbortController()
  const late = sleep(clock, DECIDE_TIMEOUT_MS, decided.signal).then((): Result => {
    throw new EngineError('SIP_NO_DECISION', `no decision within ${DECIDE_TIMEOUT_MS} ms`)
  })
  // After the decision it is late as well, and nobody's fault.
  late.catch(() => undefined)
  try {
    return await Promise.race([act(), late])
  } finally {
    decided.abort()
  }
}

/** Says something at most once per interval, with how many times it would have been said since. */
const atMostEach = (intervalMs: number, clock: Clock): ((say: (times: number) => void) => void) => {
  let saidAt = -Infinity
  let times = 0
  return (say) => {
    times += 1
    if (clock.monotonic() - saidAt < intervalMs) return
    saidAt = clock.monotonic()
    say(times)
    times = 0
  }
}
