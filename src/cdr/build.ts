/**
 * The CDR of one channel, from what mod_json_cdr posted of it. Pure: the same post gives the same CDR for
 * ever, whichever engine reads it.
 *
 * Money: the carrier charges for a B leg, and only the B leg knows when that carrier answered. So the cost
 * stands on the answered B leg of an attempt and nowhere else: an A leg has neither rate nor cost, and the
 * cost of a call is the sum over the legs of its callId. Every sum counts each charge once, by construction.
 */
import {
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  DEVICE_VARIABLE,
  isDeviceLeg,
  ORGANIZATION_VARIABLE,
  SIMULATED_VARIABLE,
  USER_VARIABLE,
  type CarriedAttempt,
  type CarriedCall,
  type CarriedDevice,
} from '../call/carried.ts'
import { TRANSFERRED_BY_VARIABLE } from '../call/control.ts'
import { decodeWish, WISH_VARIABLE, type CallWish } from '../call/wish.ts'
import { EngineError } from '../base/errors.ts'
import { gatewayIdOf } from '../directory/records.ts'
import { bill } from '../rating/bill.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { hangupCauseOf, type HangupCause } from '../telephony/hangup-cause.ts'
import { q850Of } from '../telephony/user-message.ts'
import { attemptsOf, statusOf } from './attempts.ts'
import { readCall, readLeg } from './carried-fields.ts'
import type { Cdr } from './cdr.ts'
import { customOf } from './custom.ts'
import { dispositionOf } from './disposition.ts'
import { estimateKindOf } from './estimate.ts'
import { marginOfFees, marginOfLeg, saleOf } from './sale.ts'
import { badField, openPost, type Post } from './post.ts'
import { qualityOf } from './quality.ts'

/**
 * Throws CDR_UNREADABLE (not mod_json_cdr's document) or CDR_FIELD (names the field); nothing else, whatever
 * the post holds. Values of `variables` may be percent-encoded or plain.
 */
export const buildCdr = (post: unknown): Cdr => {
  const opened = openPost(post)
  const wish = wishOf(opened)
  const custom = customOf(opened, wish)
  const estimate = estimateKindOf(post)
  const cdr = { ...buildLeg(opened), ...(estimate !== undefined && { estimate }) }
  return wish === undefined && custom === undefined ? cdr : { ...cdr, wish, custom }
}

/** One that cannot be read is no reason to refuse the record: it changes nothing in it. */
const wishOf = (post: Post): CallWish | undefined => {
  const text = post.variable(WISH_VARIABLE)
  if (text === undefined || text === '') return undefined
  try {
    return decodeWish(text)
  } catch (fault) {
    if (!(fault instanceof EngineError)) throw fault
    return undefined
  }
}

const buildLeg = (opened: Post): Cdr => {
  const callText = opened.variable(CALL_VARIABLE)
  const legText = opened.variable(ATTEMPT_VARIABLE)
  // A B leg may have inherited strowger_call; what was put on the attempt itself says what it is.
  if (legText !== undefined) return withOwnAttempts(opened, buildOurB(opened, readLeg(legText)), callText)
  if (callText !== undefined) return buildOurA(opened, readCall(callText))
  return buildForeign(opened)
}

const buildOurA = (post: Post, call: CarriedCall): Cdr => {
  const common = buildCommon(post)
  const inbound = call.direction === 'inbound'
  const firstDevice = call.devices[0]
  const attempts = attemptsOf(call, post, {
    answered: common.answerTime !== undefined,
    cause: common.hangupCause,
    cancelled: common.disposition === 'CANCELLED',
  })
  return {
    ...common,
    callId: call.callId,
    leg: 'A',
    organizationId: call.organizationId,
    direction: call.direction,
    callerNumber: call.callerNumber ?? common.callerNumber,
    callerUserId: inbound ? undefined : call.userId,
    // A transfer changes the channel's destination; whom he called does not change.
    calleeNumber: call.destination ?? (isTransferred(post) ? call.dialled : common.calleeNumber),
    calleeUserId: firstDevice?.userId ?? (inbound ? call.userId : undefined),
    dialledNumber: call.dialled,
    lcrProfileId: call.lcrProfileId,
    ...feesOf(call, attempts),
    attempts,
  }
}

/** A call that nothing is sold of earns nothing that fees could be taken from. */
const feesOf = (call: CarriedCall, attempts: Cdr['attempts']): Pick<Cdr, 'margin'> =>
  call.isSold === true ? { margin: marginOfFees(attempts.flatMap(({ fee }) => fee ?? [])) } : {}

const buildOurB = (post: Post, carried: CarriedAttempt | CarriedDevice): Cdr => {
  const common = buildCommon(post)
  const leg = {
    ...common,
    callId: carried.callId,
    parentUuid: parentOf(post),
    leg: 'B',
    organizationId: carried.organizationId,
  } as const
  if (isDeviceLeg(carried)) {
    return { ...leg, direction: 'internal', calleeNumber: carried.username, calleeUserId: carried.userId }
  }
  const { rate, number, sell, prepaid } = carried
  const charged = rate === undefined ? {} : charge(rate, common.billableSeconds)
  const sale = saleOf(sell, common.billableSeconds)
  return {
    ...leg,
    direction: 'outbound',
    callerUserId: carried.userId,
    calleeNumber: number,
    dialledNumber: number,
    gatewayId: carried.gatewayId,
    gatewayName: carried.gatewayName,
    carrierId: carried.carrierId,
    carrierName: carried.carrierName,
    rate,
    ...charged,
    ratedNumber: carried.ratedAs,
    jurisdiction: carried.jurisdiction,
    ...(prepaid !== undefined && { prepaid }),
    ...(sale !== undefined && { sale, margin: marginOfLeg({ rate, ...charged, sale }) }),
  }
}

const isTransferred = (post: Post): boolean => (post.variable(TRANSFERRED_BY_VARIABLE) ?? '') !== ''

/** A leg that was transferred ran a plan of its own: its attempts are told by it. */
const withOwnAttempts = (post: Post, cdr: Cdr, callText: string | undefined): Cdr => {
  if (callText === undefined) return cdr
  const call = readCall(callText)
  if (call.channelUuid !== cdr.legUuid) return cdr
  const attempts = attemptsOf(call, post, { answered: true, cause: cdr.hangupCause, cancelled: false })
  return {
    ...cdr,
    lcrProfileId: call.lcrProfileId,
    ...feesOf(call, attempts),
    attempts,
  }
}

const charge = (
  rate: NonNullable<Cdr['rate']>,
  billableSeconds: number,
): Pick<Cdr, 'chargedSeconds' | 'cost'> => {
  try {
    return bill(rate.tariff, billableSeconds)
  } catch (fault) {
    if (!(fault instanceof EngineError)) throw fault
    throw badField(`${ATTEMPT_VARIABLE}.rate`, fault.message, fault)
  }
}

/** A channel that no plan of ours made or reached: refused at the door, or started by hand on the switch. */
const buildForeign = (post: Post): Cdr => {
  const common = buildCommon(post)
  const parentUuid = parentOf(post)
  const organizationId = positive(post, ORGANIZATION_VARIABLE)
  // The directory sets it on what a phone of ours starts.
  const ourPhone = post.variable(DEVICE_VARIABLE) !== undefined || post.variable(USER_VARIABLE) !== undefined
  return {
    ...common,
    callId: parentUuid ?? common.legUuid,
    parentUuid,
    leg: parentUuid === undefined ? 'A' : 'B',
    organizationId,
    direction: post.inbound && !ourPhone ? 'inbound' : 'outbound',
    callerUserId: positive(post, USER_VARIABLE),
  }
}

/** Undefined: it cannot be read, and then no record can be built. */
export const legUuidOf = (post: Post): CallUuid | undefined =>
  uuidOf(post.variable('uuid') ?? post.profile('uuid'))

/** What every channel tells of itself. */
const buildCommon = (post: Post): Omit<Cdr, 'organizationId' | 'direction'> => {
  const legUuid = legUuidOf(post)
  if (legUuid === undefined) throw badField('uuid', post.variable('uuid') ?? post.profile('uuid'))
  const created = post.time('start_uepoch', 'created_time')
  const ended = post.time('end_uepoch', 'hangup_time')
  if (created === undefined) throw badField('start_uepoch', undefined)
  if (ended === undefined) throw badField('end_uepoch', undefined)
  const answered = post.time('answer_uepoch', 'answered_time')
  const rang = earliest(
    post.time('progress_uepoch', 'progress_time'),
    post.time('progress_media_uepoch', 'progress_media_time'),
  )
  // `sofia recover` makes a leg anew after a switch died, with the times of its ringing and its answer (measured).
  const started = earliest(created, rang, answered) ?? created
  const hangupCause = hangupCauseOf(post.variable('hangup_cause'))
  const sipStatus = answered === undefined ? failureStatus(post) : undefined
  const how = post.variable('sip_hangup_disposition')
  const destination = post.profile('destination_number')
  const gateway = post.inbound ? post.variable('sip_gateway') : undefined
  const quality = answered === undefined ? undefined : qualityOf(post)
  return {
    legUuid,
    callId: legUuid,
    parentUuid: undefined,
    leg: 'A',
    startTime: millis(started),
    progressTime: rang === undefined ? undefined : millis(rang),
    answerTime: answered === undefined ? undefined : millis(answered),
    endTime: millis(Math.max(started, ended)),
    durationSeconds: startedSeconds(started, ended),
    billableSeconds: answered === undefined ? 0 : Math.max(1, startedSeconds(answered, ended)),
    ringSeconds: rang === undefined ? 0 : startedSeconds(rang, answered ?? ended),
    callerNumber: post.profile('caller_id_number'),
    callerName: post.profile('caller_id_name'),
    callerUserId: undefined,
    calleeNumber: destination,
    calleeUserId: undefined,
    dialledNumber: destination,
    gatewayId: gateway === undefined ? undefined : gatewayIdOf(gateway),
    gatewayName: gateway,
    carrierId: undefined,
    carrierName: undefined,
    lcrProfileId: undefined,
    hangupCause,
    hangupCauseQ850: q850In(post.variable('hangup_cause_q850'), hangupCause),
    sipStatus,
    hungUpBy: how?.startsWith('recv_') === true ? 'party' : 'switch',
    disposition: dispositionOf({
      answered: answered !== undefined,
      rang: rang !== undefined,
      cause: hangupCause,
      sipStatus,
      cancelled: how === 'recv_cancel',
    }),
    rate: undefined,
    chargedSeconds: undefined,
    cost: undefined,
    simulated: post.variable(SIMULATED_VARIABLE) === 'true',
    ...(quality !== undefined && { quality }),
    attempts: [],
  }
}

/**
 * Seconds begun between two times in microseconds. FreeSWITCH's own billsec subtracts two truncated times: a
 * call of 1.2 seconds is 1 or 2 there, by where it lies on the clock, and one of 0.8 seconds may be free.
 * Carriers charge a second that has begun. A clock that was set back makes no negative time.
 */
const startedSeconds = (from: number, to: number): number =>
  Math.max(0, Math.ceil((to - from) / MICROS_PER_SECOND))

const MICROS_PER_SECOND = 1_000_000
const millis = (micros: number): number => Math.trunc(micros / 1000)

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** sip_term_status is the leg's own; the partner writes sip_invite_failure_status on an A leg too. */
const failureStatus = (post: Post): number | undefined => {
  const own =
    statusOf(post.variable('sip_term_status')) ?? statusOf(post.variable('sip_invite_failure_status'))
  return own ?? statusOf(/^sip:(\d{3})$/.exec(post.variable('proto_specific_hangup_cause') ?? '')?.[1])
}

const q850In = (text: string | undefined, cause: HangupCause): number =>
  text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : q850Of(cause)

const parentOf = (post: Post): CallUuid | undefined =>
  uuidOf(post.variable('originating_leg_uuid')) ?? uuidOf(post.variable('originator'))

const uuidOf = (text: string | undefined): CallUuid | undefined => {
  const lower = text?.toLowerCase()
  return lower !== undefined && isCallUuid(lower) ? lower : undefined
}

const positive = (post: Post, variable: string): number | undefined => {
  const text = post.variable(variable)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw badField(variable, text)
  return Number(text)
}
