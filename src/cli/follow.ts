/**
 * What happens to a call, as lines for people. Pure: events in, lines out. A failed attempt's line waits for
 * what comes next, because only then is it known whether another carrier is tried.
 */
import { clockTime, duration } from './format.ts'
import { childOf, flagOf, numberOf, objectOf, textOf, timeOf, type Json } from './json.ts'

export type Followed = {
  readonly talkingAt: number | undefined
  readonly answered: boolean
  /** Who answered, where that is a carrier. */
  readonly carrier: string | undefined
  readonly endedBy: string | undefined
  /** The record of the call came: nothing more will. */
  readonly complete: boolean
  readonly saidSimulated: boolean
  /** A failure that was not told yet. */
  readonly held: string | undefined
}

export const NOTHING_YET: Followed = {
  talkingAt: undefined,
  answered: false,
  carrier: undefined,
  endedBy: undefined,
  complete: false,
  saidSimulated: false,
  held: undefined,
}

export type Step = { readonly state: Followed; readonly lines: readonly string[] }

/** `event` is one of /v1/live. */
export const follow = (state: Followed, event: Json): Step => {
  const at = timeOf(event, 'at') ?? 0
  const call = objectOf(event['call'])
  const leg = childOf(event, 'leg')
  const kind = textOf(event, 'kind')
  const next = hear(state, kind, at, call, leg)
  const settled = settle(next, kind, leg)
  const told = tell(settled.state, kind, at, call, leg, event)
  return markSimulated({ state: told.state, lines: [...settled.lines, ...told.lines] }, call)
}

/** Tells what waits, because nothing came for a while. */
export const flush = (state: Followed): Step =>
  state.held === undefined
    ? { state, lines: [] }
    : { state: { ...state, held: undefined }, lines: [state.held] }

const hear = (state: Followed, kind: string, at: number, call: Json, leg: Json | undefined): Followed => {
  const answeredB = kind === 'answered' && leg !== undefined && textOf(leg, 'leg') === 'B'
  const carrier = answeredB ? textOf(leg, 'carrier') || undefined : state.carrier
  if (kind === 'talking') return { ...state, talkingAt: state.talkingAt ?? at, answered: true }
  if (kind === 'call-ended') return { ...state, endedBy: textOf(call, 'hangupCause') || 'unknown' }
  return { ...state, carrier, answered: state.answered || answeredB }
}

/** What was held is told before what shows how it went on. */
const settle = (state: Followed, kind: string, leg: Json | undefined): Step => {
  if (state.held === undefined) return { state, lines: [] }
  if (kind === 'leg-started' && leg !== undefined && textOf(leg, 'carrier') !== '') {
    return { state: { ...state, held: undefined }, lines: [`${state.held}, trying the next`] }
  }
  return kind === 'cdr' ? { state, lines: [] } : flush(state)
}

const tell = (
  state: Followed,
  kind: string,
  at: number,
  call: Json,
  leg: Json | undefined,
  event: Json,
): Step => {
  const line = (text: string): Step => ({ state, lines: [`${clockTime(at)}  ${text}`] })
  const nothing: Step = { state, lines: [] }
  switch (kind) {
    case 'leg-started':
      return leg !== undefined && textOf(leg, 'carrier') !== ''
        ? line(`${whoIs(leg)}: calling ${textOf(leg, 'party')}`)
        : nothing
    case 'ringing':
      return leg === undefined ? nothing : line(says(leg, 'is ringing', 'ringing'))
    case 'early-media':
      return leg === undefined ? nothing : line(says(leg, 'is ringing, with sound', 'ringing, with sound'))
    case 'answered':
      return leg === undefined ? nothing : line(says(leg, 'answered', 'answered'))
    case 'talking':
      return line('talking')
    case 'leg-ended':
      return leg === undefined || textOf(leg, 'leg') === 'A' || timeOf(leg, 'answeredAt') !== undefined
        ? nothing
        : { state: { ...state, held: `${clockTime(at)}  ${failure(leg)}` }, lines: [] }
    case 'call-ended': {
      const talked = state.talkingAt === undefined ? '' : ` after ${duration((at - state.talkingAt) / 1000)}`
      return line(`ended: ${textOf(call, 'hangupCause')}${talked}`)
    }
    case 'cdr':
      return cost(state, event)
    default:
      return nothing
  }
}

const cost = (state: Followed, event: Json): Step => {
  const price = childOf(event, 'cost')
  const carrier = state.carrier === undefined ? '' : ` (${state.carrier})`
  return {
    state: { ...state, complete: true },
    lines:
      price === undefined
        ? []
        : [`          cost ${textOf(price, 'amount')} ${textOf(price, 'currency')}${carrier}`],
  }
}

const markSimulated = (step: Step, call: Json): Step => {
  const [first, ...others] = step.lines
  if (step.state.saidSimulated || first === undefined || !flagOf(call, 'simulated')) return step
  return { state: { ...step.state, saidSimulated: true }, lines: [`${first} (simulated)`, ...others] }
}

const whoIs = (leg: Json): string => {
  const id = numberOf(leg, 'gatewayId')
  return `${textOf(leg, 'carrier')} (${id === undefined ? textOf(leg, 'gateway') : `gw${id}`})`
}

const says = (leg: Json, phone: string, carrier: string): string =>
  textOf(leg, 'carrier') === '' ? `${textOf(leg, 'party')} ${phone}` : `${whoIs(leg)}: ${carrier}`

const failure = (leg: Json): string => {
  const status = textOf(leg, 'sipStatus')
  const reason = `${status === '' ? '' : `${status} `}${textOf(leg, 'hangupCause')}`
  return textOf(leg, 'carrier') === '' ? `${textOf(leg, 'party')}: ${reason}` : `${whoIs(leg)}: ${reason}`
}
