import type { HangupCause } from '../telephony/hangup-cause.ts'
import { SIMULATED_VARIABLE } from '../call/carried.ts'
import { Bell } from './bell.ts'
import { profileField, type CallerProfile, type DialplanAction } from './caller-profile.ts'
import { channelHeaders } from './channel-headers.ts'
import type { Exchange } from './exchange.ts'
import { q850Of } from './sip-status.ts'

/** Owns one channel: its state, its variables and the events that they cause. What it does is decided elsewhere. */
export const CHANNEL_STATES = {
  CS_NEW: 0,
  CS_INIT: 1,
  CS_ROUTING: 2,
  CS_SOFT_EXECUTE: 3,
  CS_EXECUTE: 4,
  CS_EXCHANGE_MEDIA: 5,
  CS_PARK: 6,
  CS_CONSUME_MEDIA: 7,
  CS_HIBERNATE: 8,
  CS_RESET: 9,
  CS_HANGUP: 10,
  CS_REPORTING: 11,
  CS_DESTROY: 12,
  CS_NONE: 13,
} as const

export type ChannelState = keyof typeof CHANNEL_STATES
/** switch_channel.c, callstate names, with the number that the event carries. */
export const CALL_STATES = {
  DOWN: 0,
  DIALING: 1,
  RINGING: 2,
  EARLY: 3,
  ACTIVE: 4,
  HELD: 5,
  RING_WAIT: 6,
  HANGUP: 7,
} as const
export type CallState = keyof typeof CALL_STATES

/** What a channel does next, when it is taken from what it does. */
export type Redirect =
  | {
      readonly kind: 'dialplan'
      readonly extension: string
      readonly dialplan: string
      readonly context: string
    }
  | {
      readonly kind: 'actions'
      readonly name: string
      readonly number: string
      readonly actions: readonly DialplanAction[]
    }
  | { readonly kind: 'park' }
  /** uuid_bridge: this one runs the bridge. */
  | { readonly kind: 'bridge'; readonly to: Channel }
  /** uuid_bridge: the other one runs it. */
  | { readonly kind: 'bridged' }

export type ChannelMessage = {
  readonly application: string
  readonly argument: string | undefined
  readonly eventUuid: string | undefined
  readonly loops: number
  readonly lock: boolean
}

export type ApplicationLog = {
  readonly application: string
  readonly argument: string
  readonly stamp: number
}

/** What the far end is told: the SIP side of a channel. */
export type FarEnd = { readonly hungup: (sipStatus: number) => void }

export class Channel {
  readonly uuid: string
  readonly direction: 'inbound' | 'outbound'
  readonly bell = new Bell()
  readonly variables = new Map<string, string>()
  readonly messages: ChannelMessage[] = []
  readonly applicationLog: ApplicationLog[] = []
  readonly digits: string[] = []
  readonly dtmfLog: string[] = []
  /** Newest first, as the callflow of a CDR has them. */
  readonly profiles: CallerProfile[]
  state: ChannelState = 'CS_NEW'
  callState: CallState = 'DOWN'
  answered = false
  earlyMedia = false
  ringing = false
  held = false
  cause: HangupCause | undefined
  other: { readonly role: 'originator' | 'originatee'; readonly channel: Channel } | undefined
  /** Whose variables a failure of this leg also sets (signal_bond). */
  partner: Channel | undefined
  bridgedTo: Channel | undefined
  redirect: Redirect | undefined
  breaking = false
  /** An application that was sent with event-lock runs. */
  locked = false
  hitDialplan: boolean
  /** What `respond` decided. */
  respondStatus: number | undefined
  farEnd: FarEnd | undefined
  readonly #exchange: Exchange

  constructor(exchange: Exchange, uuid: string, direction: 'inbound' | 'outbound', profile: CallerProfile) {
    this.#exchange = exchange
    this.uuid = uuid
    this.direction = direction
    this.profiles = [profile]
    this.hitDialplan = direction === 'inbound'
    this.variables.set('direction', direction)
    if (direction === 'outbound') this.variables.set('is_outbound', 'true')
    this.variables.set('uuid', uuid)
    this.variables.set('session_id', String(exchange.nextChannelNumber()))
    this.variables.set('channel_name', profile.channelName)
    this.variables.set(SIMULATED_VARIABLE, 'true')
  }

  get profile(): CallerProfile {
    const [newest] = this.profiles
    if (newest === undefined) throw new Error('a channel has a profile from the beginning')
    return newest
  }

  get name(): string {
    return this.profile.channelName
  }

  /** Neither hung up nor taken away (switch_channel_ready). */
  ready(): boolean {
    return this.cause === undefined && this.redirect === undefined
  }

  up(): boolean {
    return this.cause === undefined
  }

  /** As switch_channel_get_variable: a variable, a field of the profile, a global variable. */
  get(name: string): string | undefined {
    return this.variables.get(name) ?? profileField(this.profile, name) ?? this.#exchange.globals.get(name)
  }

  isTrue(name: string): boolean {
    return isTrue(this.variables.get(name))
  }

  /** An empty value removes the variable, as it does in the switch. */
  set(name: string, value: string | undefined): void {
    if (value === undefined || value === '') this.variables.delete(name)
    else this.variables.set(name, value)
  }

  /** SWITCH_STACK_PUSH: a second value makes an array of it. */
  push(name: string, value: string): void {
    const before = this.variables.get(name)
    if (before === undefined) this.variables.set(name, value)
    else this.variables.set(name, `${before.startsWith('ARRAY::') ? before : `ARRAY::${before}`}|:${value}`)
  }

  setOnPartner(name: string, value: string | undefined): void {
    this.partner?.set(name, value)
  }

  fire(
    name: string,
    more: Readonly<Record<string, string>> = {},
    first: Readonly<Record<string, string>> = {},
  ): void {
    this.#exchange.fire(name, { ...first, ...channelHeaders(this, name), ...more })
  }

  enter(state: ChannelState): void {
    this.state = state
    this.fire('CHANNEL_STATE')
    this.bell.ring()
  }

  setCallState(callState: CallState): void {
    if (this.callState === callState) return
    const before = this.callState
    this.callState = callState
    this.fire(
      'CHANNEL_CALLSTATE',
      {},
      {
        'Original-Channel-Call-State': before,
        'Channel-Call-State-Number': String(CALL_STATES[callState]),
      },
    )
  }

  markRinging(): void {
    // Also after early media: a 180 may follow a 183 (switch_channel_perform_mark_ring_ready_value).
    if (this.ringing || this.answered || !this.up()) return
    this.ringing = true
    this.profile.times.progress = this.#micros()
    this.fire('CHANNEL_PROGRESS')
    this.setCallState('RINGING')
    this.#exchange.executeOn(this, 'execute_on_ring')
    this.#exchange.executeOn(this, 'api_on_ring')
    this.bell.ring()
  }

  markEarly(): void {
    if (this.earlyMedia || this.answered || !this.up()) return
    this.earlyMedia = true
    this.set('endpoint_disposition', 'EARLY MEDIA')
    this.profile.times.progressMedia = this.#micros()
    this.fire('CHANNEL_PROGRESS_MEDIA')
    this.setCallState('EARLY')
    this.#exchange.executeOn(this, 'execute_on_media')
    this.bell.ring()
  }

  markAnswered(): void {
    if (this.answered || !this.up()) return
    this.answered = true
    this.set('endpoint_disposition', 'ANSWER')
    this.profile.times.answered = this.#micros()
    this.fire('CHANNEL_ANSWER')
    this.setCallState('ACTIVE')
    if (!this.earlyMedia) this.#exchange.executeOn(this, 'execute_on_media')
    this.#exchange.executeOn(this, 'execute_on_answer')
    this.#exchange.executeOn(this, 'api_on_answer')
    this.bell.ring()
  }

  /** switch_channel_perform_hangup: the first cause stays. What follows runs in the channel's own thread. */
  hangup(cause: HangupCause): void {
    if (this.cause !== undefined) return
    this.cause = cause
    this.profile.times.hungup = this.#micros()
    this.setOnPartner('last_bridge_hangup_cause', cause)
    const specific = this.variables.get('proto_specific_hangup_cause')
    if (specific !== undefined) this.setOnPartner('last_bridge_proto_specific_hangup_cause', specific)
    if (this.bridgedTo !== undefined) {
      this.set('last_bridge_role', this.other?.role === 'originatee' ? 'originator' : 'originatee')
    }
    this.fire('CHANNEL_HANGUP')
    this.bell.ring()
  }

  take(redirect: Redirect): void {
    if (!this.up()) return
    this.redirect = redirect
    this.bell.ring()
  }

  breakOff(): void {
    this.breaking = true
    this.bell.ring()
  }

  send(message: ChannelMessage): void {
    this.messages.push(message)
    this.bell.ring()
  }

  receiveDigit(digit: string): void {
    if (!this.up()) return
    this.digits.push(digit)
    this.dtmfLog.push(digit)
    this.fire('DTMF', { 'DTMF-Digit': digit, 'DTMF-Duration': '2000', 'DTMF-Source': 'RTP' })
    this.bell.ring()
  }

  /** hangup_cause and its number, as the state machine sets them before it reports. */
  setHangupVariables(): void {
    const cause = this.cause ?? 'NORMAL_CLEARING'
    this.set('hangup_cause', cause)
    // switch_channel_cause_q850: what Q.850 does not know is a normal clearing to it.
    this.set('hangup_cause_q850', String(q850Of(cause) < 128 ? q850Of(cause) : 16))
    this.set('digits_dialed', this.dtmfLog.length === 0 ? 'none' : this.dtmfLog.join(''))
  }

  #micros(): number {
    return this.#exchange.clock.now() * 1000
  }
}

/** switch_true: a word, or anything that begins with a number other than 0 (`continue_on_fail=486` is true). */
export const isTrue = (text: string | undefined): boolean => {
  if (text === undefined) return false
  if (['yes', 'on', 'true', 't', 'enabled', 'active', 'allow'].includes(text.toLowerCase())) return true
  const number = Number.parseInt(text, 10)
  return !Number.isNaN(number) && number !== 0
}
