/**
 * A gateway's policies as columns of its row: in which form it wants numbers, and what its refusals mean. What is
 * read here is as the row has it, for whoever shows it; whoever goes by it asks for the faults, too.
 */
import type { FailoverPolicy, FailoverRule } from '../telephony/failover-policy.ts'
import { isHangupCause, type HangupCause } from '../telephony/hangup-cause.ts'
import { asError, EngineError } from '../base/errors.ts'
import { DEFAULT_NUMBER_FORM, numberFormOf, type NumberForm } from '../telephony/number-form.ts'
import { badInput, matching, oneOf } from './input.ts'
import type { Columns } from './row-writes.ts'

export const NUMBER_FORM_COLUMNS =
  'number_format, number_country, number_strip, number_pattern, number_replacement, number_prefix, tech_prefix'

export type NumberFormRow = {
  readonly number_format: NumberForm['format']
  readonly number_country: NumberForm['country'] | null
  readonly number_strip: number
  readonly number_pattern: string | null
  readonly number_replacement: string | null
  readonly number_prefix: string
  readonly tech_prefix: string
}

/** What is not named stays; null: the default. */
export type NumberFormChanges = {
  readonly format?: string | null | undefined
  readonly country?: string | null | undefined
  readonly strip?: number | null | undefined
  readonly pattern?: string | null | undefined
  readonly replacement?: string | null | undefined
  readonly prefix?: string | null | undefined
  readonly techPrefix?: string | null | undefined
}

/** Also of a form that is none: telephony's numberFormOf tells. */
export const numberFormIn = (row: NumberFormRow): NumberForm => ({
  format: row.number_format,
  country: row.number_country ?? undefined,
  strip: row.number_strip,
  pattern: row.number_pattern ?? undefined,
  replacement: row.number_replacement ?? undefined,
  prefix: row.number_prefix,
  techPrefix: row.tech_prefix,
})

/** All columns, where anything is given: the parts of a form hang together, so it is checked as a whole. */
export const numberFormColumns = (
  current: NumberForm,
  given: NumberFormChanges | null | undefined,
): Columns => {
  if (given === undefined) return {}
  const form = checkedForm(given === null ? DEFAULT_NUMBER_FORM : merged(current, given))
  const { format, country, strip, pattern, replacement, prefix, techPrefix } = form
  return {
    number_format: format,
    number_country: country ?? null,
    number_strip: strip,
    number_pattern: pattern ?? null,
    // A match that nothing stands in for is taken out.
    number_replacement:
      pattern === undefined
        ? null
        : matching(
            'numberForm.replacement',
            replacement ?? '',
            /^.{0,40}$/,
            'it has more than 40 characters',
          ),
    number_prefix: prefix,
    tech_prefix: matching(
      'numberForm.techPrefix',
      techPrefix,
      /^[0-9*#]{0,20}$/,
      'it is at most 20 of 0-9, * and #',
    ),
  }
}

const merged = (current: NumberForm, given: NumberFormChanges): Readonly<Record<string, unknown>> => ({
  ...current,
  // What stood in for a pattern's match goes with the pattern.
  ...(given.pattern === null ? { replacement: undefined } : {}),
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
})

const checkedForm = (form: Readonly<Record<string, unknown>>): NumberForm => {
  try {
    return numberFormOf(form)
  } catch (fault) {
    const field = fault instanceof EngineError ? fault.details['field'] : undefined
    if (typeof field !== 'string') throw fault
    const why = asError(fault).message.replace(`${field} `, '').replace(/^: /, '')
    throw badInput(`numberForm.${field}`, why, fault)
  }
}

export const FAILOVER_COLUMNS = 'failover_next, failover_stop, believes_reason'

export type FailoverRow = {
  readonly failover_next: readonly string[]
  readonly failover_stop: readonly string[]
  readonly believes_reason: boolean
}

/** What is not named stays; null: the default. */
export type FailoverChanges = {
  readonly believes?: string | null | undefined
  readonly next?: readonly (string | number)[] | null | undefined
  readonly stop?: readonly (string | number)[] | null | undefined
}

/** Also of a word that is no rule. */
export const failoverIn = (row: FailoverRow): FailoverPolicy => ({
  believes: row.believes_reason ? 'reason' : 'status',
  next: row.failover_next.map(asRule),
  stop: row.failover_stop.map(asRule),
})

const asRule = (text: string): FailoverRule => (/^\d{3}$/.test(text) ? Number(text) : (text as HangupCause))

/** The rule that is none, if there is one. */
export const badRuleOf = ({ next, stop }: FailoverPolicy): FailoverRule | undefined =>
  [...next, ...stop].find((rule) => !isRule(rule))

const isRule = (rule: string | number): boolean =>
  typeof rule === 'number' ? Number.isInteger(rule) && rule >= 300 && rule <= 699 : isHangupCause(rule)

export const failoverColumns = (given: FailoverChanges | null | undefined): Columns => {
  if (given === undefined) return {}
  const { believes, next, stop } = given ?? { believes: null, next: null, stop: null }
  return {
    failover_next: next === undefined ? undefined : ruleTexts('failover.next', next),
    failover_stop: stop === undefined ? undefined : ruleTexts('failover.stop', stop),
    believes_reason:
      believes === undefined
        ? undefined
        : believes !== null && oneOf('failover.believes', believes, ['status', 'reason']) === 'reason',
  }
}

const ruleTexts = (field: string, rules: readonly (string | number)[] | null): readonly string[] => {
  const texts = (rules ?? []).map((rule) => {
    if (isRule(rule)) return String(rule)
    throw badInput(field, 'an entry is a hangup cause such as USER_BUSY, or a SIP status from 300 to 699')
  })
  return [...new Set(texts)]
}
