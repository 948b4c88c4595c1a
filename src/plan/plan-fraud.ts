/**
 * Whether a call that would leave the house looks like fraud. Rules are judged where they are counted (limits/fraud-
 * counters); here is what a plan makes of it: a refusal, a question for the PIN, or a line of its trace. An emergency
 * call is never asked, nor one that stays in the house or comes in.
 */
import { FRAUD_BLOCKED, PIN_REQUIRED, type FraudCall } from '../call/fraud.ts'
import type { Plan } from '../call/plan.ts'
import { digitsOf } from '../telephony/e164.ts'
import type { FinishStep } from './finish-plan.ts'

export const judgeFraud: FinishStep = (plan, request, { fraud, directory }) => {
  const { target, numberClass, call } = plan
  if (fraud === undefined || target.kind !== 'carriers' || target.emergency || numberClass.kind !== 'e164')
    return plan
  if (call.direction === 'inbound') return plan
  const { organization, user, now, pinGiven = false } = request
  const digits = digitsOf(numberClass.number)
  const tariff = plan.sell?.tariff ?? target.attempts[0]?.carried.rate?.tariff
  const judged: FraudCall = {
    callId: call.callId,
    organizationId: organization.id,
    userId: user.id,
    digits,
    country: numberClass.country,
    isInternational: numberClass.country !== organization.country,
    risk: directory.fraud.riskOf(organization.id, digits)?.risk,
    pricePerMinute: tariff?.pricePerMinute,
    currency: tariff?.currency,
  }
  const { outcome, findings } = fraud(judged, now, pinGiven)
  const traced: Plan = {
    ...plan,
    fraud: { call: judged, outcome, findings, pinGiven },
    trace: [
      ...plan.trace,
      ...findings.map(({ action, why }) => `fraud, ${action}: ${why}`),
      ...(pinGiven ? ['the PIN was keyed'] : []),
    ],
  }
  const found = findings.find(({ action }) => action === outcome)
  if (outcome === undefined || found === undefined) return traced
  if (outcome === 'require-pin' && directory.fraud.pinHashOf(organization.id, user.id) !== undefined)
    return askForPin(traced, found.why)
  const why =
    outcome === 'block' ? found.why : `${found.why}; a PIN is required, and none is set for ${user.extension}`
  return {
    ...traced,
    target: {
      kind: 'refuse',
      cause: 'OUTGOING_CALL_BARRED',
      why,
      refusal: outcome === 'block' ? FRAUD_BLOCKED : PIN_REQUIRED,
    },
    trace: outcome === 'block' ? traced.trace : [...traced.trace, why],
  }
}

/** The number as it was dialled is dialled once more, with what it asks for: `*67` stays before it. */
const askForPin = (plan: Plan, why: string): Plan => ({
  ...plan,
  target: { kind: 'conversation', flow: 'ask-pin' },
  askPin: {
    organizationId: plan.call.organizationId,
    userId: plan.call.userId ?? 0,
    dialled: plan.call.dialled.replace(/[\s().-]/g, ''),
    why,
  },
  // Nobody is tried by this plan; the next one has attempts of its own.
  call: { ...plan.call, attempts: [] },
  trace: [...plan.trace, 'the caller is asked for his PIN'],
})
