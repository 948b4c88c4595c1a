/** Call detail records as our API tells them: money as decimals in strings, moments in ISO 8601. */
import { Type } from '@sinclair/typebox'
import type { CdrAttempt } from '../cdr/cdr.ts'
import { formatMoney } from '../telephony/money.ts'
import { faultOfCause } from '../telephony/user-message.ts'
import type { ListedCdr } from './doors.ts'
import { ExternalFields, externalFields } from './external-json.ts'
import { QualityFieldsJson, qualityJson } from './quality-json.ts'
import { RateJson, rateJson, SaleFieldsJson, saleFields } from './sale-json.ts'
import { iso, isoOrNull, nullable, time } from './fields.ts'

const string = Type.String()
const integer = Type.Integer()
const maybeTime = nullable(time('a moment'))

const AttemptJson = Type.Object({
  n: integer,
  legUuid: string,
  gatewayId: integer,
  gatewayName: string,
  carrierId: integer,
  carrierName: string,
  number: string,
  rate: nullable(RateJson),
  fee: nullable(Type.Object({ amount: string, currency: string })),
  outcome: Type.String({ description: 'ANSWERED, FAILED, NO_CHANNEL or NOT_TRIED' }),
  cause: nullable(string),
  sipStatus: nullable(integer),
  why: string,
})

export const CdrJson = Type.Object({
  legUuid: string,
  callId: string,
  parentUuid: nullable(string),
  leg: Type.Union([Type.Literal('A'), Type.Literal('B')]),
  organizationId: nullable(integer),
  direction: string,
  startTime: time('a moment'),
  progressTime: maybeTime,
  answerTime: maybeTime,
  endTime: time('a moment'),
  durationSeconds: Type.Number(),
  billableSeconds: Type.Number(),
  ringSeconds: Type.Number(),
  callerNumber: nullable(string),
  callerName: nullable(string),
  callerUserId: nullable(integer),
  calleeNumber: nullable(string),
  calleeUserId: nullable(integer),
  dialledNumber: nullable(string),
  gatewayId: nullable(integer),
  gatewayName: nullable(string),
  carrierId: nullable(integer),
  carrierName: nullable(string),
  lcrProfileId: nullable(integer),
  hangupCause: string,
  hangupCauseQ850: integer,
  sipStatus: nullable(integer),
  hungUpBy: string,
  disposition: Type.String({ description: 'ANSWERED, NO_ANSWER, BUSY, CANCELLED or FAILED' }),
  rate: nullable(RateJson),
  chargedSeconds: nullable(Type.Number()),
  cost: nullable(Type.Object({ amount: string, currency: nullable(string) })),
  ...SaleFieldsJson,
  ...QualityFieldsJson,
  error: nullable(
    Type.Object(
      { code: string, message: string, userMessage: string },
      { description: 'why the call came to nothing; null where somebody talked' },
    ),
  ),
  custom: nullable(
    Type.Record(string, Type.Unknown(), {
      description: 'crm, wish, amd and recordings, where there are any',
    }),
  ),
  recordings: Type.Array(string, { description: "ids of the call's recordings that can be heard" }),
  ...ExternalFields,
  simulated: Type.Boolean(),
  estimate: nullable(
    Type.String({
      description:
        'the switch sent no record, and this is from its event (from-event) or our picture (switch-lost)',
    }),
  ),
  correctedAt: nullable(time("when the switch's own record took the place of an estimate")),
  attempts: Type.Array(AttemptJson),
})

const attemptJson = (attempt: CdrAttempt) => ({
  n: attempt.n,
  legUuid: attempt.legUuid,
  gatewayId: attempt.gatewayId,
  gatewayName: attempt.gatewayName,
  carrierId: attempt.carrierId,
  carrierName: attempt.carrierName,
  number: attempt.number,
  rate: rateJson(attempt.rate),
  fee:
    attempt.fee === undefined
      ? null
      : { amount: formatMoney(attempt.fee.amount), currency: attempt.fee.currency },
  outcome: attempt.outcome,
  cause: attempt.cause ?? null,
  sipStatus: attempt.sipStatus ?? null,
  why: attempt.why,
})

export const cdrJson = (cdr: ListedCdr) => ({
  legUuid: cdr.legUuid,
  callId: cdr.callId,
  parentUuid: cdr.parentUuid ?? null,
  leg: cdr.leg,
  organizationId: cdr.organizationId ?? null,
  direction: cdr.direction,
  startTime: iso(cdr.startTime),
  progressTime: isoOrNull(cdr.progressTime),
  answerTime: isoOrNull(cdr.answerTime),
  endTime: iso(cdr.endTime),
  durationSeconds: cdr.durationSeconds,
  billableSeconds: cdr.billableSeconds,
  ringSeconds: cdr.ringSeconds,
  callerNumber: cdr.callerNumber ?? null,
  callerName: cdr.callerName ?? null,
  callerUserId: cdr.callerUserId ?? null,
  calleeNumber: cdr.calleeNumber ?? null,
  calleeUserId: cdr.calleeUserId ?? null,
  dialledNumber: cdr.dialledNumber ?? null,
  gatewayId: cdr.gatewayId ?? null,
  gatewayName: cdr.gatewayName ?? null,
  carrierId: cdr.carrierId ?? null,
  carrierName: cdr.carrierName ?? null,
  lcrProfileId: cdr.lcrProfileId ?? null,
  hangupCause: cdr.hangupCause,
  hangupCauseQ850: cdr.hangupCauseQ850,
  sipStatus: cdr.sipStatus ?? null,
  hungUpBy: cdr.hungUpBy,
  disposition: cdr.disposition,
  rate: rateJson(cdr.rate),
  chargedSeconds: cdr.chargedSeconds ?? null,
  cost: costJson(cdr),
  ...saleFields(cdr),
  ...qualityJson(cdr),
  error: errorJson(cdr),
  custom: cdr.custom ?? null,
  recordings: cdr.recordings ?? [],
  ...externalFields(cdr),
  simulated: cdr.simulated,
  estimate: cdr.estimate ?? null,
  correctedAt: isoOrNull(cdr.correctedAt),
  attempts: cdr.attempts.map(attemptJson),
})

/** A caller's own leg is answered before anybody is rung where the API asked for the call: then its attempts tell. */
const errorJson = ({ disposition, attempts, hangupCause }: ListedCdr) => {
  const reached =
    disposition === 'ANSWERED' &&
    (attempts.length === 0 || attempts.some(({ outcome }) => outcome === 'ANSWERED'))
  if (reached) return null
  const { code, message, userMessage } = faultOfCause(hangupCause)
  return { code, message, userMessage }
}

/** On an A leg what the whole call cost, on a B leg what this leg did. */
const costJson = (cdr: ListedCdr) => {
  if (cdr.callCost !== undefined)
    return { amount: formatMoney(cdr.callCost.amount), currency: cdr.callCost.currency }
  if (cdr.cost === undefined) return null
  return { amount: formatMoney(cdr.cost), currency: cdr.rate?.tariff.currency ?? null }
}
