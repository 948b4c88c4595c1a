/** Whether a candidate may carry the call. The checks come in the order in which a person would ask. */
import { codeOf } from '../base/errors.ts'
import type { QuotedRate } from '../call/carried.ts'
import type { Carrier } from '../directory/records.ts'
import { costOf } from '../rating/bill.ts'
import { breakEvenSeconds, marginOf } from '../rating/margin.ts'
import { settled } from '../telephony/exchange.ts'
import { formatMoney, moneyOf } from '../telephony/money.ts'
import type { Context, HuntRejection, Reason, Route } from './hunt.ts'
import type { Candidate } from './routing-table.ts'

export const judge = (candidate: Candidate, context: Context): Route | HuntRejection => {
  const { gateway, carrier, rule } = candidate
  const refused = notOffered(candidate, context) ?? notCarried(candidate, context)
  if (refused !== undefined) return { gateway, carrier, reason: refused.reason, why: refused.why }

  const { surroundings, expectedSeconds } = context
  const rate = quote(candidate, context)
  if (rate === undefined) return { gateway, carrier, ...withoutRate(candidate, context) }
  const dear = tooDear(rate, context)
  if (dear !== undefined) return { gateway, carrier, reason: dear.reason, why: dear.why }
  const expectedCost = settled(costOf(rate.tariff, expectedSeconds), rate.exchange)
  if (expectedCost === undefined)
    return { gateway, carrier, reason: 'OTHER_CURRENCY', why: 'its currency is worth nothing that is known' }

  if (!surroundings.isUp(gateway.id))
    return { gateway, carrier, reason: 'GATEWAY_DOWN', why: 'the gateway does not answer its pings' }
  const verdict = surroundings.health.verdictOf(gateway.id, context.key, context.request.now)
  if (verdict.kind === 'open') return { gateway, carrier, reason: 'COOLING_OFF', why: verdict.why }
  const full = noRoom(candidate, context)
  if (full !== undefined) return { gateway, carrier, reason: full.reason, why: full.why }

  const number = numberFor(candidate, context)
  if (number === undefined) {
    return {
      gateway,
      carrier,
      reason: 'NUMBER_FORM',
      why: "the gateway's number form leaves nothing to dial",
    }
  }
  return {
    gateway,
    carrier,
    rule,
    rate,
    expectedCost,
    number,
    isTrial: verdict.kind === 'trial',
  }
}

type Refused = { readonly reason: Reason; readonly why: string }

/** What rows say. */
const notOffered = (
  { gateway, carrier, rule, isOpenAt }: Candidate,
  context: Context,
): Refused | undefined => {
  const { request, profile } = context
  if (!gateway.enabled) return { reason: 'GATEWAY_DISABLED', why: 'the gateway is disabled' }
  if (!carrier.enabled) return { reason: 'CARRIER_DISABLED', why: 'the carrier is disabled' }
  if (carrier.organizationId !== undefined && carrier.organizationId !== request.organization.id) {
    return {
      reason: 'CARRIER_OF_ANOTHER_ORGANIZATION',
      why: 'the carrier belongs to another organisation',
    }
  }
  if (!rule.enabled)
    return { reason: 'ROUTE_DISABLED', why: `the rule for prefix "${rule.prefix}" is disabled` }
  if (isOpenAt !== undefined && !isOpenAt(request.now)) {
    return {
      reason: 'OUTSIDE_HOURS',
      why: `the rule is for ${rule.timeRestrictions.join(', ')} (${profile.timeZone})`,
    }
  }
  return undefined
}

/** A carrier is named by its code or its id. */
export const isNamed = (names: readonly string[], carrier: Carrier): boolean =>
  names.includes(carrier.code) || names.includes(String(carrier.id))

/** What the call asks. */
const notCarried = ({ gateway, carrier }: Candidate, { request, profile }: Context): Refused | undefined => {
  if (request.excludedCarriers !== undefined && isNamed(request.excludedCarriers, carrier)) {
    return { reason: 'CARRIER_EXCLUDED', why: 'the request excludes the carrier' }
  }
  if (profile.requiresCallerId && request.showsCallerId === true && !carrier.carriesCallerId) {
    return { reason: 'CALLER_ID_NOT_CARRIED', why: 'the carrier shows a caller ID of its own' }
  }
  if (profile.requiresCallerId && request.takesCallerId?.(carrier) === false) {
    return { reason: 'CALLER_ID_NOT_CARRIED', why: 'the carrier does not take this caller ID' }
  }
  if (request.callType === 'fax' && !carrier.supportsFax)
    return { reason: 'FAX_NOT_SUPPORTED', why: 'the carrier carries no fax' }
  const { codecs } = request
  if (codecs !== undefined && gateway.codecs.length > 0 && !shareCodec(codecs, gateway.codecs)) {
    return {
      reason: 'CODEC_NOT_SUPPORTED',
      why: `the gateway takes ${gateway.codecs.join(', ')}; the caller offers ${codecs.join(', ')}`,
    }
  }
  return undefined
}

/** FreeSWITCH writes a codec with its rate and packet time: `opus@48000h@20i`. */
const shareCodec = (offered: readonly string[], taken: readonly string[]): boolean => {
  const names = new Set(offered.map(codecName))
  return taken.some((codec) => names.has(codecName(codec)))
}

const codecName = (codec: string): string => codec.replace(/@.*$/, '').toUpperCase()

/** The rate as a call by this rule would be charged. */
const quote = (
  { rateSlot, rule }: Candidate,
  { match, rated, surroundings, request }: Context,
): QuotedRate | undefined => {
  const entry = rateSlot < 0 ? -1 : match.entryOf(rateSlot)
  if (entry < 0) return undefined
  const tariff = surroundings.rates.tariffOf(entry)
  const exchange = surroundings.directory.exchange(
    tariff.currency,
    request.organization.currency,
    request.now,
  )
  return {
    deckId: surroundings.rates.deckIdOf(entry),
    prefix: rated.slice(0, match.prefixLengthOf(rateSlot)),
    tariff: rule.priceOverride === undefined ? tariff : { ...tariff, pricePerMinute: rule.priceOverride },
    ...(rule.priceOverride !== undefined && { isRulePrice: true }),
    ...(exchange !== undefined && { exchange }),
  }
}

/** The form was checked when it was written, but not with every number. */
const numberFor = ({ formNumber }: Candidate, { request }: Context): string | undefined => {
  try {
    return formNumber(request.destination)
  } catch (fault) {
    if (codeOf(fault) === 'TELEPHONY_BAD_NUMBER_FORM') return undefined
    throw fault
  }
}

/** The carrier has no rate in force: perhaps it had one, or will have one. */
const withoutRate = ({ rateSlot }: Candidate, { surroundings, rated, request }: Context): Refused => {
  const dates = rateSlot < 0 ? undefined : surroundings.rates.datesOf(rateSlot, rated, request.now)
  if (dates?.nextFrom !== undefined) {
    return {
      reason: 'NOT_YET_EFFECTIVE',
      why: `its rate begins on ${new Date(dates.nextFrom).toISOString()}`,
    }
  }
  if (dates?.lastTo !== undefined) {
    return { reason: 'NO_LONGER_EFFECTIVE', why: `its rate ended on ${new Date(dates.lastTo).toISOString()}` }
  }
  return { reason: 'NO_RATE', why: 'no rate of the carrier is in force for this number' }
}

/** A price that cannot be billed exactly is refused here, for this carrier alone: it must not break the call. */
const tooDear = (rate: QuotedRate, context: Context): Refused | undefined =>
  isBeyondExact(rate)
    ? {
        reason: 'ABOVE_MAX_PRICE',
        why: `${formatMoney(rate.tariff.pricePerMinute)} ${rate.tariff.currency} a minute is beyond exact money`,
      }
    : dearerThanAllowed(rate, context)

/** In its own currency or in the organisation's. The factor is a float: it decides far from any price that is paid. */
export const isBeyondExact = ({ tariff, exchange }: QuotedRate): boolean =>
  (tariff.pricePerMinute * LONGEST_MINUTES + tariff.connectionFee) *
    Math.max(1, Number(exchange?.rate ?? 1)) >
  Number.MAX_SAFE_INTEGER

/** Two hours and some: as long as any call that is compared, its increments included. */
const LONGEST_MINUTES = 240

const dearerThanAllowed = (
  rate: QuotedRate,
  { request, profile, sell, expectedSeconds }: Context,
): Refused | undefined => {
  const { tariff } = rate
  const { currency } = request.organization
  const price = settled(tariff.pricePerMinute, rate.exchange)
  if (price === undefined) {
    return {
      reason: 'OTHER_CURRENCY',
      why: `the rate is in ${tariff.currency}, the organisation pays in ${currency}, and no exchange rate is known`,
    }
  }
  const { maxPricePerMinute } = profile
  if (maxPricePerMinute !== undefined && price > maxPricePerMinute) {
    return {
      reason: 'ABOVE_MAX_PRICE',
      why: `${formatMoney(price)} a minute is more than the profile's ${formatMoney(maxPricePerMinute)}`,
    }
  }
  if (!profile.protectsMargin || sell === undefined || isBeyondExact(sell)) return undefined
  if (sell.exchange !== undefined && sell.exchange.rate === undefined) {
    return {
      reason: 'OTHER_CURRENCY',
      why: `it is sold in ${sell.tariff.currency}, and no exchange rate is known`,
    }
  }
  const earned = marginOf(sell, rate, expectedSeconds)
  if (earned >= 0) return undefined
  const breakEven = breakEvenSeconds(sell, rate)
  return {
    reason: 'WOULD_LOSE_MONEY',
    why: `it loses ${formatMoney(moneyOf(-earned))} ${currency} on the average call of ${Math.round(expectedSeconds)} s: ${
      breakEven === undefined ? 'no length of call breaks even' : `it breaks even at ${breakEven} s`
    }`,
  }
}

const noRoom = ({ gateway, carrier, rule }: Candidate, context: Context): Refused | undefined => {
  const { load } = context.surroundings
  const { now } = context.request
  if (gateway.maxChannels !== undefined && load.gatewayChannels(gateway.id) >= gateway.maxChannels)
    return { reason: 'GATEWAY_FULL', why: `all ${gateway.maxChannels} channels of the gateway are in use` }
  if (carrier.maxChannels !== undefined && load.carrierChannels(carrier.id) >= carrier.maxChannels)
    return { reason: 'CARRIER_FULL', why: `all ${carrier.maxChannels} channels of the carrier are in use` }
  if (rule.maxChannels !== undefined && load.routeChannels(rule.id) >= rule.maxChannels)
    return { reason: 'ROUTE_FULL', why: `all ${rule.maxChannels} channels of the route are in use` }
  if (gateway.maxCallsPerSecond === undefined && carrier.maxCallsPerSecond === undefined) return undefined
  const free = load.nextCallAt(gateway, carrier, now)
  return free <= now
    ? undefined
    : { reason: 'CPS_EXCEEDED', why: `its calls per second are used up for ${Math.ceil(free - now)} ms` }
}
