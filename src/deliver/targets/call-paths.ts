/**
 * What can be told of a call outside, by name: the CDR paths that a field mapping may name. A path is read from the
 * call's records as they stand when they are sent. To tell something more, add a row to PATHS; what a record keeps in
 * `custom` can be named without one, as `custom.<name>`.
 */
import type { CallCost, Cdr } from '../../cdr/cdr.ts'
import { formatMoney } from '../../telephony/money.ts'

export type PathType = 'text' | 'phone' | 'number' | 'seconds' | 'time' | 'money' | 'flag' | 'list'

/** Moments are milliseconds since the epoch, durations seconds, money decimals in text. */
export type PathValue = string | number | boolean | readonly string[] | undefined

export type TargetCdr = Cdr & { readonly callCost?: CallCost | undefined }

/** A call as its records tell it. */
export type CallFacts = {
  readonly a: TargetCdr
  /** The leg that was answered, or else the last one that was tried. */
  readonly b: TargetCdr | undefined
  /** Ids of recordings that are in the store. */
  readonly recordings: readonly string[]
  /** Our users' ids, and what they are called at the target. */
  readonly users: Readonly<Record<string, string>>
  /** Where people hear a recording; `{id}` stands for its id. */
  readonly recordingUrl: string | undefined
}

export type Path = {
  readonly type: PathType
  readonly what: string
  readonly read: (facts: CallFacts) => PathValue
}

/** Undefined: the record of the caller's leg is not among them. */
export const factsOf = (
  legs: readonly TargetCdr[],
  more: Pick<CallFacts, 'recordings' | 'users' | 'recordingUrl'>,
): CallFacts | undefined => {
  const a = legs.find(({ leg }) => leg === 'A')
  if (a === undefined) return undefined
  const others = legs
    .filter(({ leg }) => leg === 'B')
    .sort((one, other) => one.startTime - other.startTime || (one.legUuid < other.legUuid ? -1 : 1))
  return { ...more, a, b: others.findLast(({ disposition }) => disposition === 'ANSWERED') ?? others.at(-1) }
}

export const pathOf = (name: string): Path | undefined => {
  if (Object.hasOwn(PATHS, name)) return PATHS[name]
  const custom = /^custom\.([A-Za-z]\w{0,39}(?:\.[A-Za-z]\w{0,39}){0,4})$/.exec(name)?.[1]
  return custom === undefined
    ? undefined
    : { type: 'text', what: 'kept with the record', read: ({ a }) => within(a.custom, custom.split('.')) }
}

/** Whether somebody talked: a caller's own phone is rung and answered first where the API asked for the call. */
export const isAnswered = ({ a, b }: CallFacts): boolean => {
  if (b?.disposition === 'ANSWERED') return true
  if (a.disposition !== 'ANSWERED') return false
  return a.attempts.length > 0 ? a.attempts.some(({ outcome }) => outcome === 'ANSWERED') : b === undefined
}

const talkSeconds = (facts: CallFacts): number =>
  isAnswered(facts) ? (facts.b ?? facts.a).billableSeconds : 0

const dispositionOf = (facts: CallFacts): string => {
  if (isAnswered(facts)) return 'ANSWERED'
  const { a, b } = facts
  return a.disposition === 'ANSWERED' ? (b?.disposition ?? 'FAILED') : a.disposition
}

/** The cause that tells why the call ended: of the far leg where nobody talked. */
const causeOf = (facts: CallFacts): Cdr =>
  !isAnswered(facts) && facts.a.disposition === 'ANSWERED' ? (facts.b ?? facts.a) : facts.a

const isIn = ({ a }: CallFacts): boolean => a.direction === 'inbound'
const from = ({ a }: CallFacts): string | undefined => a.callerNumber
const to = ({ a }: CallFacts): string | undefined => a.calleeNumber ?? a.dialledNumber
const ownUser = (facts: CallFacts): number | undefined =>
  isIn(facts) ? (facts.a.calleeUserId ?? facts.b?.calleeUserId) : facts.a.callerUserId
const calleeUser = ({ a, b }: CallFacts): number | undefined => a.calleeUserId ?? b?.calleeUserId

const vendorId = ({ users }: CallFacts, userId: number | undefined): string | undefined =>
  userId !== undefined && Object.hasOwn(users, String(userId)) ? users[String(userId)] : undefined

const carriedBy = ({ a, b }: CallFacts): TargetCdr => b ?? a

const saleOf = ({ a, b }: CallFacts): Cdr['sale'] => b?.sale ?? a.sale

const recordingsOf = ({ recordings, a }: CallFacts): readonly string[] => {
  if (recordings.length > 0) return recordings
  const said = a.custom?.['recordings']
  return Array.isArray(said) ? said.filter((id): id is string => typeof id === 'string') : []
}

const summaryOf = (facts: CallFacts): string => {
  const seconds = talkSeconds(facts)
  const length = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const what = isAnswered(facts) ? `talked for ${length}` : (ENDS[dispositionOf(facts)] ?? 'failed')
  return `${facts.a.direction} call from ${from(facts) ?? 'a withheld number'} to ${to(facts) ?? 'an unknown number'}: ${what}`
}

const ENDS: Readonly<Record<string, string>> = {
  NO_ANSWER: 'nobody answered',
  BUSY: 'busy',
  CANCELLED: 'the caller hung up before the answer',
}

const crm = ({ a }: CallFacts, name: string): string | undefined => {
  const value = within(a.custom, ['crm', name])
  return typeof value === 'string' ? value : undefined
}

/** What a Salesforce id is of stands in its first three characters (Salesforce: "Standard Field Record ID Prefix"). */
const SALESFORCE_PREFIXES: Readonly<Record<string, string>> = {
  '001': 'account',
  '003': 'contact',
  '00Q': 'lead',
  '006': 'opportunity',
  '500': 'case',
}

const objectType = (facts: CallFacts): string | undefined => {
  const id = crm(facts, 'recordId') ?? ''
  return (
    crm(facts, 'objectType')?.toLowerCase() ??
    (/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(id) ? SALESFORCE_PREFIXES[id.slice(0, 3)] : undefined)
  )
}

const crmIdOf =
  (...types: readonly string[]) =>
  (facts: CallFacts): string | undefined =>
    types.includes(objectType(facts) ?? '') ? crm(facts, 'recordId') : undefined

const within = (value: unknown, path: readonly string[]): PathValue => {
  let at: unknown = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[name]
  }
  if (typeof at === 'string' || typeof at === 'number' || typeof at === 'boolean') return at
  return Array.isArray(at) ? at.filter((one): one is string => typeof one === 'string') : undefined
}

const row = (type: PathType, what: string, read: Path['read']): Path => ({ type, what, read })

const legRows = (
  name: string,
  which: string,
  legOf: (facts: CallFacts) => Cdr | undefined,
): Readonly<Record<string, Path>> =>
  Object.fromEntries(
    (
      [
        ['legUuid', 'text', 'the id of its channel', (leg: Cdr) => leg.legUuid],
        ['startTime', 'time', 'when it began', (leg: Cdr) => leg.startTime],
        ['answerTime', 'time', 'when it was answered', (leg: Cdr) => leg.answerTime],
        ['endTime', 'time', 'when it ended', (leg: Cdr) => leg.endTime],
        ['durationSeconds', 'seconds', 'from begin to end', (leg: Cdr) => leg.durationSeconds],
        ['billableSeconds', 'seconds', 'from answer to end', (leg: Cdr) => leg.billableSeconds],
        ['ringSeconds', 'seconds', 'for which it rang', (leg: Cdr) => leg.ringSeconds],
        ['callerNumber', 'phone', 'who called', (leg: Cdr) => leg.callerNumber],
        ['calleeNumber', 'phone', 'who was called', (leg: Cdr) => leg.calleeNumber],
        ['hangupCause', 'text', 'why it ended', (leg: Cdr) => leg.hangupCause],
        ['sipStatus', 'number', 'the SIP status with which it ended', (leg: Cdr) => leg.sipStatus],
        [
          'disposition',
          'text',
          'ANSWERED, NO_ANSWER, BUSY, CANCELLED or FAILED',
          (leg: Cdr) => leg.disposition,
        ],
      ] as const
    ).map(([field, type, what, read]): readonly [string, Path] => [
      `${name}.${field}`,
      row(type, `${which}: ${what}`, (facts) => {
        const leg = legOf(facts)
        return leg === undefined ? undefined : read(leg)
      }),
    ]),
  )

export const PATHS: Readonly<Record<string, Path>> = {
  'call.id': row('text', 'the id of the call', ({ a }) => a.callId),
  'call.direction': row('text', 'inbound, outbound or internal', ({ a }) => a.direction),
  'call.from': row('phone', 'who called', from),
  'call.fromName': row('text', 'the name that the caller showed', ({ a }) => a.callerName),
  'call.to': row('phone', 'who was called', to),
  'call.dialled': row('text', 'what was dialled', ({ a }) => a.dialledNumber),
  'call.otherNumber': row('phone', 'the number that is not ours', (facts) =>
    isIn(facts) ? from(facts) : to(facts),
  ),
  'call.startTime': row('time', 'when it began', ({ a }) => a.startTime),
  'call.answerTime': row('time', 'when the called party answered', (facts) =>
    isAnswered(facts) ? (facts.b?.answerTime ?? facts.a.answerTime) : undefined,
  ),
  'call.endTime': row('time', 'when it ended', ({ a }) => a.endTime),
  'call.durationSeconds': row('seconds', 'from begin to end', ({ a }) => a.durationSeconds),
  'call.talkSeconds': row('seconds', 'for which both parties talked', talkSeconds),
  'call.ringSeconds': row('seconds', 'for which it rang', ({ a, b }) => (b ?? a).ringSeconds),
  'call.billableSeconds': row('seconds', 'answered time that is billed', talkSeconds),
  'call.answered': row('flag', 'whether somebody talked', isAnswered),
  'call.disposition': row('text', 'ANSWERED, NO_ANSWER, BUSY, CANCELLED or FAILED', dispositionOf),
  'call.hangupCause': row('text', 'why it ended', (facts) => causeOf(facts).hangupCause),
  'call.hangupCauseQ850': row(
    'number',
    'the same as a number of Q.850',
    (facts) => causeOf(facts).hangupCauseQ850,
  ),
  'call.sipStatus': row('number', 'the SIP status with which it ended', (facts) => causeOf(facts).sipStatus),
  'call.hungUpBy': row('text', 'party or switch', ({ a }) => a.hungUpBy),
  'call.carrier': row('text', 'the carrier that carried it', (facts) => carriedBy(facts).carrierName),
  'call.gateway': row('text', 'the gateway that carried it', (facts) => carriedBy(facts).gatewayName),
  'call.cost': row('money', 'what the carriers charge', ({ a }) =>
    a.callCost === undefined ? undefined : formatMoney(a.callCost.amount),
  ),
  'call.costCurrency': row('text', 'its currency', ({ a }) => a.callCost?.currency),
  'call.price': row('money', 'what the customer pays, without tax', (facts) => {
    const sale = saleOf(facts)
    return sale === undefined ? undefined : formatMoney(sale.amount)
  }),
  'call.tax': row('money', 'the tax on it', (facts) => {
    const tax = saleOf(facts)?.tax
    return tax === undefined ? undefined : formatMoney(tax)
  }),
  'call.priceCurrency': row('text', 'the currency of both', (facts) => saleOf(facts)?.rate.tariff.currency),
  'call.recorded': row('flag', 'whether there is a recording', (facts) => recordingsOf(facts).length > 0),
  'call.recordingId': row('text', 'the id of the recording', (facts) => recordingsOf(facts)[0]),
  'call.recordingIds': row('list', 'the ids of all recordings', (facts) =>
    recordingsOf(facts).length === 0 ? undefined : recordingsOf(facts),
  ),
  'call.recordingUrl': row(
    'text',
    'where the recording is heard, by the setting recordingUrl',
    ({ recordings: [first], recordingUrl }) =>
      first === undefined ? undefined : recordingUrl?.replaceAll('{id}', encodeURIComponent(first)),
  ),
  'call.summary': row('text', 'a sentence', summaryOf),
  'call.estimated': row('flag', 'written by the engine, for the switch sent no record', ({ a, b }) =>
    [a, b].some((leg) => leg?.estimate !== undefined),
  ),
  'call.simulated': row('flag', 'true: it was a simulated call', ({ a }) => a.simulated),
  'organization.id': row('number', 'whose call it is', ({ a }) => a.organizationId),
  'user.id': row('number', 'our user of the call', ownUser),
  'user.vendorId': row('text', 'what he is called at the target, by the setting users', (facts) =>
    vendorId(facts, ownUser(facts)),
  ),
  'caller.userId': row('number', 'our user who called', ({ a }) => a.callerUserId),
  'caller.vendorId': row('text', 'what he is called at the target', (facts) =>
    vendorId(facts, facts.a.callerUserId),
  ),
  'callee.userId': row('number', 'our user who was called', calleeUser),
  'callee.vendorId': row('text', 'what he is called at the target', (facts) =>
    vendorId(facts, calleeUser(facts)),
  ),
  ...legRows('aLeg', 'the caller’s leg', ({ a }) => a),
  ...legRows('bLeg', 'the called leg', ({ b }) => b),
  'crm.recordId': row('text', 'the record that was named with the call', (facts) => crm(facts, 'recordId')),
  'crm.objectType': row('text', 'what it is, in small letters', objectType),
  'crm.createTask': row('flag', 'whether a task was asked for', ({ a }) =>
    within(a.custom, ['crm', 'createTask']),
  ),
  'crm.accountId': row('text', 'the record, where it is an account', crmIdOf('account')),
  'crm.contactId': row('text', 'the record, where it is a contact', crmIdOf('contact')),
  'crm.leadId': row('text', 'the record, where it is a lead', crmIdOf('lead')),
  'crm.ticketId': row('text', 'the record, where it is a ticket', crmIdOf('ticket')),
  // A person is who a task is about, anything else is what it is about (Salesforce: Task, WhoId and WhatId).
  'crm.whoId': row('text', 'the record, where it is a person', crmIdOf('contact', 'lead')),
  'crm.whatId': row('text', 'the record, where it is no person', (facts) =>
    ['contact', 'lead', undefined].includes(objectType(facts)) ? undefined : crm(facts, 'recordId'),
  ),
}
