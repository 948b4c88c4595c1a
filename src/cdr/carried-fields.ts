/**
 * What our channel variables carry, field by field. `call/carried.ts` proves that they are ours in form; here
 * every field that ends in a row of the database or in a sum of money is proved too, since a channel variable
 * can be set by whoever reaches the switch. Throws CDR_FIELD naming the variable and the field.
 */
import {
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  decodeAttempt,
  decodeCall,
  isDeviceLeg,
  type CarriedAttempt,
  type CarriedCall,
  type CarriedDevice,
  type Direction,
  type QuotedFee,
  type QuotedRate,
  type QuotedSale,
} from '../call/carried.ts'
import { EngineError } from '../base/errors.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { isE164 } from '../telephony/e164.ts'
import { parseExchangeRate } from '../telephony/exchange.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { Money } from '../telephony/money.ts'
import { parsePercent } from '../telephony/percent.ts'
import { readRounding, type Charging } from '../telephony/tariff.ts'
import { badField } from './post.ts'

export const readCall = (text: string): CarriedCall => {
  const call = within(CALL_VARIABLE, () => decodeCall(text))
  const at = fields(call, CALL_VARIABLE)
  return {
    callId: call.callId,
    channelUuid: at.optional('channelUuid', at.uuid),
    organizationId: call.organizationId,
    direction: at.direction('direction'),
    userId: at.optional('userId', at.id),
    dialled: at.text('dialled'),
    destination: at.optional('destination', (name) => {
      const number = at.text(name)
      if (!isE164(number)) throw badField(`${CALL_VARIABLE}.${name}`, number)
      return number
    }),
    callerNumber: at.optional('callerNumber', at.text),
    lcrProfileId: at.optional('lcrProfileId', at.id),
    attempts: call.attempts.map((attempt, index) =>
      readAttempt(attempt, `${CALL_VARIABLE}.attempts[${index}]`),
    ),
    devices: call.devices.map((device, index) => readDevice(device, `${CALL_VARIABLE}.devices[${index}]`)),
    isSold: call.isSold === true,
  }
}

export const readLeg = (text: string): CarriedAttempt | CarriedDevice => {
  const leg = within(ATTEMPT_VARIABLE, () => decodeAttempt(text))
  return isDeviceLeg(leg) ? readDevice(leg, ATTEMPT_VARIABLE) : readAttempt(leg, ATTEMPT_VARIABLE)
}

const readAttempt = (value: unknown, where: string): CarriedAttempt => {
  const at = fields(value, where)
  return {
    n: at.id('n'),
    callId: at.uuid('callId'),
    legUuid: at.uuid('legUuid'),
    organizationId: at.id('organizationId'),
    userId: at.optional('userId', at.id),
    gatewayId: at.id('gatewayId'),
    gatewayName: at.text('gatewayName'),
    carrierId: at.id('carrierId'),
    carrierName: at.text('carrierName'),
    number: at.text('number'),
    rate: at.optional('rate', (name) => readRate(at.value(name), `${where}.${name}`)),
    sell: at.optional('sell', (name) => readSale(at.value(name), `${where}.${name}`)),
    fee: at.optional('fee', (name) => readFee(at.value(name), `${where}.${name}`)),
    ...readPrepaid(at.value('prepaid')),
    ratedAs: at.optional('ratedAs', (name) => textLike(at.text(name), DIGITS, `${where}.${name}`)),
    jurisdiction: at.optional('jurisdiction', (name) => readJurisdiction(at.text(name), `${where}.${name}`)),
  }
}

/** One that is no word of ours charges the balance that was open: it is no reason to refuse the record. */
const readPrepaid = (value: unknown): Pick<CarriedAttempt, 'prepaid'> =>
  typeof value === 'object' &&
  value !== null &&
  'balanceId' in value &&
  typeof value.balanceId === 'number' &&
  Number.isInteger(value.balanceId) &&
  value.balanceId > 0 &&
  value.balanceId < 2 ** 31 &&
  'engine' in value &&
  typeof value.engine === 'string' &&
  isCallUuid(value.engine)
    ? { prepaid: { balanceId: value.balanceId, engine: value.engine } }
    : {}

const readDevice = (value: unknown, where: string): CarriedDevice => {
  const at = fields(value, where)
  return {
    callId: at.uuid('callId'),
    legUuid: at.uuid('legUuid'),
    organizationId: at.id('organizationId'),
    userId: at.id('userId'),
    deviceId: at.id('deviceId'),
    username: at.text('username'),
  }
}

const readRate = (value: unknown, where: string): QuotedRate => {
  const at = fields(value, where)
  const tariff = fields(at.value('tariff'), `${where}.tariff`)
  const minimumSeconds = tariff.optional('minimumSeconds', tariff.integer)
  return {
    deckId: at.optional('deckId', at.id),
    prefix: at.text('prefix'),
    tariff: {
      pricePerMinute: tariff.integer('pricePerMinute') as Money,
      connectionFee: tariff.integer('connectionFee') as Money,
      ...(minimumSeconds !== undefined && { minimumSeconds }),
      firstIncrementSeconds: tariff.id('firstIncrementSeconds'),
      nextIncrementSeconds: tariff.id('nextIncrementSeconds'),
      currency: tariff.text('currency'),
      ...readCharges(tariff),
    },
    ...(at.value('isRulePrice') === true && { isRulePrice: true }),
    ...readExchange(at, where),
  }
}

const readCharges = (tariff: Fields): Charging => {
  const graceSeconds = tariff.optional('graceSeconds', tariff.integer)
  const freeSeconds = tariff.optional('freeSeconds', tariff.integer)
  const rounding = tariff.optional('rounding', (name) => {
    const given = fields(tariff.value(name), name)
    const read = readRounding(`${given.text('mode')}/${given.integer('decimals')}`)
    if (read === undefined) throw badField(name, show(tariff.value(name)))
    return read
  })
  return {
    ...(graceSeconds !== undefined && { graceSeconds }),
    ...(freeSeconds !== undefined && { freeSeconds }),
    ...(rounding !== undefined && { rounding }),
  }
}

const readSale = (value: unknown, where: string): QuotedSale => {
  const at = fields(value, where)
  const tax = at.optional('tax', (name) => {
    const given = fields(at.value(name), `${where}.${name}`)
    const percent = given.text('percent')
    return { name: given.text('name'), percent: within(`${where}.${name}`, () => parsePercent(percent)) }
  })
  return { ...readRate(value, where), ...(tax !== undefined && { tax }) }
}

const readFee = (value: unknown, where: string): QuotedFee => {
  const at = fields(value, where)
  return {
    amount: at.integer('amount') as Money,
    currency: at.text('currency'),
    ...readExchange(at, where),
  }
}

const readExchange = (at: Fields, where: string): Pick<QuotedRate, 'exchange'> => {
  const exchange = at.optional('exchange', (name) => {
    const given = fields(at.value(name), `${where}.${name}`)
    const rate = given.optional('rate', given.text)
    return {
      to: given.text('to'),
      rate: rate === undefined ? undefined : within(`${where}.${name}`, () => parseExchangeRate(rate)),
    }
  })
  return exchange === undefined ? {} : { exchange }
}

const DIGITS = /^\d{1,15}$/

const textLike = (text: string, form: RegExp, where: string): string => {
  if (form.test(text)) return text
  throw badField(where, text)
}

const readJurisdiction = (text: string, where: string): Jurisdiction => {
  if (text === 'interstate' || text === 'intrastate' || text === 'indeterminate') return text
  throw badField(where, text)
}

type Fields = {
  readonly value: (name: string) => unknown
  readonly integer: (name: string) => number
  /** An integer from 1 on. */
  readonly id: (name: string) => number
  readonly text: (name: string) => string
  readonly uuid: (name: string) => CallUuid
  readonly direction: (name: string) => Direction
  /** JSON has no undefined: a field that is absent or null is undefined. */
  readonly optional: <Value>(name: string, read: (name: string) => Value) => Value | undefined
}

const fields = (value: unknown, where: string): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badField(where, show(value))
  const at = (name: string): unknown =>
    Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
  const wrong = (name: string): EngineError => badField(`${where}.${name}`, show(at(name)))
  const integer = (name: string): number => {
    const found = at(name)
    if (typeof found !== 'number' || !Number.isSafeInteger(found)) throw wrong(name)
    return found
  }
  const text = (name: string): string => {
    const found = at(name)
    if (typeof found !== 'string') throw wrong(name)
    return found
  }
  return {
    value: at,
    integer,
    id: (name) => {
      const found = integer(name)
      if (found < 1) throw wrong(name)
      return found
    },
    text,
    uuid: (name) => {
      const found = text(name)
      if (!isCallUuid(found)) throw wrong(name)
      return found
    },
    direction: (name) => {
      const found = at(name)
      if (found !== 'inbound' && found !== 'outbound' && found !== 'internal') throw wrong(name)
      return found
    },
    optional: (name, read) => (at(name) === undefined || at(name) === null ? undefined : read(name)),
  }
}

const within = <Value>(variable: string, read: () => Value): Value => {
  try {
    return read()
  } catch (fault) {
    if (!(fault instanceof EngineError)) throw fault
    throw badField(variable, fault.message, fault)
  }
}

const show = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))
