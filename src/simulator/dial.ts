import type { HangupCause } from '../telephony/hangup-cause.ts'
import { until } from './bell.ts'
import { isTrue, type Channel } from './channel.ts'
import { readDialString, type DialledLeg } from './dial-string-read.ts'
import { locateUser } from './directory-user.ts'
import type { Exchange } from './exchange.ts'
import { expand } from './expand.ts'
import { makeLeg } from './leg.ts'

/** Owns switch_ivr_originate: a dial string tried until somebody is there, or the cause for which nobody is. */
export type DialRequest = {
  readonly dialString: string
  readonly caller?: Channel
  readonly timeoutMs?: number
  readonly callerIdName?: string
  readonly callerIdNumber?: string
}

export type DialResult =
  | { readonly kind: 'connected'; readonly peer: Channel }
  | { readonly kind: 'failed'; readonly cause: HangupCause }

/** switch_types.h: SWITCH_DEFAULT_TIMEOUT. */
const USUAL_TIMEOUT_MS = 60_000

export const dial = async (exchange: Exchange, request: DialRequest): Promise<DialResult> => {
  const { caller } = request
  const read = readDialString(request.dialString)
  if (read === undefined) return finish(caller, { kind: 'failed', cause: 'DESTINATION_OUT_OF_ORDER' })
  const variables = new Map([...exportedOf(caller), ...read.variables])
  let result: DialResult = { kind: 'failed', cause: 'DESTINATION_OUT_OF_ORDER' }
  for (const group of read.groups) {
    const legs: DialledLeg[] = []
    for (const leg of group) legs.push(...(await withoutUsers(exchange, leg, variables)))
    result = await new Attempt(exchange, request, variables).run(legs)
    if (result.kind === 'connected') break
    if (caller !== undefined && !caller.ready()) break
  }
  return finish(caller, result)
}

const finish = (caller: Channel | undefined, result: DialResult): DialResult => {
  const cause = result.kind === 'connected' ? 'SUCCESS' : result.cause
  caller?.set('originate_disposition', cause)
  caller?.set('DIALSTATUS', DIAL_STATUS[cause] ?? cause)
  return result
}

/** switch_ivr_originate.c, the end of it. */
const DIAL_STATUS: Readonly<Partial<Record<HangupCause, string>>> = {
  ORIGINATOR_CANCEL: 'CANCEL',
  USER_BUSY: 'BUSY',
  NO_ANSWER: 'NOANSWER',
  DESTINATION_OUT_OF_ORDER: 'INVALIDARGS',
  INVALID_PROFILE: 'INVALIDARGS',
  CALL_REJECTED: 'DONTCALL',
}

/** What `export` and `bridge_export` promised to the other leg. */
const exportedOf = (caller: Channel | undefined): Map<string, string> => {
  const exported = new Map<string, string>()
  for (const list of ['export_vars', 'bridge_export_vars']) {
    const names = caller?.variables.get(list)
    if (caller === undefined || names === undefined) continue
    if (list === 'export_vars') exported.set(list, names)
    for (const name of names.split(',')) {
      const value = caller.variables.get(name)
      if (value !== undefined) exported.set(name.replace(/^nolocal:/, ''), value)
    }
  }
  return exported
}

/** `user/1001@domain` is whatever the directory's dial-string says (mod_dptools.c, user_outgoing_channel). */
const withoutUsers = async (
  exchange: Exchange,
  leg: DialledLeg,
  variables: Map<string, string>,
): Promise<readonly DialledLeg[]> => {
  if (leg.endpoint !== 'user') return [leg]
  const [username = '', domain = exchange.globals.get('domain') ?? ''] = leg.target.split('@')
  const user = await locateUser(exchange, username, domain, { as_channel: 'true', action: 'user_call' })
  const template = user?.params.get('dial-string')
  if (template === undefined) return [{ ...leg, endpoint: 'error', target: 'SUBSCRIBER_ABSENT' }]
  variables.set('dialed_user', username)
  variables.set('dialed_domain', domain)
  const named = template.replaceAll('${dialed_user}', username).replaceAll('${dialed_domain}', domain)
  const read = readDialString(await expand(exchange, undefined, named))
  if (read === undefined) return [{ ...leg, endpoint: 'error', target: 'SUBSCRIBER_ABSENT' }]
  for (const [name, value] of read.variables) variables.set(name, value)
  return read.groups.flat().map((found) => ({
    ...found,
    variables: new Map([...found.variables, ...leg.variables]),
  }))
}

/** The legs that ring at once. */
class Attempt {
  readonly #exchange: Exchange
  readonly #request: DialRequest
  readonly #variables: ReadonlyMap<string, string>
  readonly #legs: Channel[] = []
  #refusal: HangupCause | undefined
  #forced: HangupCause | undefined

  constructor(exchange: Exchange, request: DialRequest, variables: ReadonlyMap<string, string>) {
    this.#exchange = exchange
    this.#request = request
    this.#variables = variables
  }

  async run(legs: readonly DialledLeg[]): Promise<DialResult> {
    const { caller } = this.#request
    for (const leg of legs) this.#add(leg)
    if (this.#legs.length === 0) return { kind: 'failed', cause: this.#refusal ?? 'DESTINATION_OUT_OF_ORDER' }
    const deadline = this.#exchange.clock.monotonic() + this.#timeoutMs()
    const progressAt = this.#exchange.clock.monotonic() + seconds(this.#variables.get('progress_timeout'))
    for (;;) {
      this.#pass()
      const winner = this.#winner()
      if (winner !== undefined) return this.#connect(winner)
      if (caller !== undefined && !caller.ready()) return this.#fail('ORIGINATOR_CANCEL', 'ORIGINATOR_CANCEL')
      if (this.#legs.every((leg) => !leg.up())) return this.#fail('NO_ANSWER', undefined)
      const progressing = this.#legs.some((leg) => leg.ringing || leg.earlyMedia)
      const end = progressing ? deadline : Math.min(deadline, progressAt)
      const seen = this.#seen()
      const outcome = await until(
        this.#exchange.clock,
        [...this.#legs.map(({ bell }) => bell), ...(caller === undefined ? [] : [caller.bell])],
        () => this.#seen() !== seen || caller?.ready() === false,
        end - this.#exchange.clock.monotonic(),
      )
      if (outcome === 'time' && this.#exchange.clock.monotonic() >= end) {
        const cause = end === deadline ? 'NO_ANSWER' : 'PROGRESS_TIMEOUT'
        return this.#fail(cause, cause)
      }
    }
  }

  #add(leg: DialledLeg): void {
    const { caller } = this.#request
    const made = makeLeg(this.#exchange, {
      leg,
      variables: this.#variables,
      caller,
      callerIdName: this.#request.callerIdName,
      callerIdNumber: this.#request.callerIdNumber,
    })
    if (made.kind === 'refused') {
      this.#refusal ??= made.cause
      return
    }
    const { channel } = made
    this.#legs.push(channel)
    const { calleeIdName, calleeIdNumber } = channel.profile
    caller?.push('originated_legs', `${channel.uuid};${calleeIdName};${calleeIdNumber}`)
    made.start()
    this.#watch(channel)
  }

  /** leg_progress_timeout until it rings, leg_timeout until it is answered or has early media. */
  #watch(channel: Channel): void {
    const delay = seconds(channel.variables.get('leg_delay_start'), 0)
    const progress = seconds(channel.variables.get('leg_progress_timeout'))
    const whole = seconds(channel.variables.get('leg_timeout'))
    if (Number.isFinite(progress)) {
      this.#exchange.clock.after(delay + progress, () => {
        if (channel.ringing || channel.earlyMedia || channel.answered || !channel.up()) return
        this.#forced = 'PROGRESS_TIMEOUT'
        channel.hangup('PROGRESS_TIMEOUT')
      })
    }
    if (Number.isFinite(whole)) {
      this.#exchange.clock.after(delay + whole, () => {
        if (channel.earlyMedia || channel.answered || !channel.up()) return
        channel.hangup('ALLOTTED_TIMEOUT')
      })
    }
  }

  /** What the legs do reaches the caller: 180, or 183 where early media or a ringback is to be heard. */
  #pass(): void {
    const { caller } = this.#request
    if (caller === undefined || caller.answered) return
    if (this.#legs.some((leg) => leg.up() && leg.earlyMedia) && !this.#ignoresEarlyMedia()) caller.markEarly()
    else if (this.#legs.some((leg) => leg.up() && (leg.ringing || leg.earlyMedia))) {
      if (caller.variables.has('ringback')) caller.markEarly()
      else if (!caller.earlyMedia) caller.markRinging()
    }
  }

  #winner(): Channel | undefined {
    const early = !this.#ignoresEarlyMedia()
    return this.#legs.find((leg) => leg.up() && (leg.answered || (early && leg.earlyMedia)))
  }

  #ignoresEarlyMedia(): boolean {
    return isTrue(
      this.#variables.get('ignore_early_media') ?? this.#request.caller?.variables.get('ignore_early_media'),
    )
  }

  #connect(winner: Channel): DialResult {
    for (const leg of this.#legs) if (leg !== winner) leg.hangup('LOSE_RACE')
    if (winner.answered) this.#request.caller?.markAnswered()
    this.#noteCauses()
    return { kind: 'connected', peer: winner }
  }

  #fail(legCause: HangupCause, forced: HangupCause | undefined): DialResult {
    for (const leg of this.#legs) leg.hangup(legCause)
    this.#noteCauses()
    // switch_ivr_originate.c: without a reason of its own the first leg's cause is the attempt's.
    const [first] = this.#legs
    return { kind: 'failed', cause: forced ?? this.#forced ?? first?.cause ?? this.#refusal ?? 'NO_ANSWER' }
  }

  #noteCauses(): void {
    for (const leg of this.#legs)
      this.#request.caller?.push('originate_causes', `${leg.uuid};${leg.cause ?? 'NONE'}`)
  }

  #seen(): string {
    return this.#legs.map((leg) => `${leg.up()}${leg.ringing}${leg.earlyMedia}${leg.answered}`).join()
  }

  #timeoutMs(): number {
    const given =
      this.#variables.get('originate_timeout') ?? this.#request.caller?.variables.get('call_timeout')
    return given === undefined
      ? (this.#request.timeoutMs ?? USUAL_TIMEOUT_MS)
      : seconds(given, USUAL_TIMEOUT_MS)
  }
}

const seconds = (text: string | undefined, otherwise = Number.POSITIVE_INFINITY): number => {
  const value = Number(text ?? '0')
  return value > 0 ? value * 1000 : otherwise
}
