/**
 * The plan's step for what happens between dialling and talking: whose ring-back the caller hears, whether an answer is
 * listened to for a machine or for a trunk's tones, whether the callee has to press 1. An emergency call gets none
 * of it: whoever answers it is connected.
 */
import { causesToGoOn } from '../call/failover.ts'
import { needsListening, type OnAnswer } from '../call/on-answer.ts'
import type { Plan, PlannedAttempt } from '../call/plan.ts'
import type { CallWish, MachineAction } from '../call/wish.ts'
import type { Gateway } from '../directory/records.ts'
import type { Country } from '../telephony/e164.ts'
import { FAILOVER_CAUSES } from '../telephony/hangup-cause.ts'
import type { FinishStep } from './finish-plan.ts'

export type AnswerPlanSettings = {
  /** Answering-machine detection for calls that did not ask for it; undefined: only those that do. */
  readonly machineDetection?: MachineAction | undefined
  /** Seconds in which 1 has to be pressed; undefined: CONFIRM_SECONDS. */
  readonly confirmSeconds?: number | undefined
}

export const CONFIRM_SECONDS = 20

export const planAnswer: FinishStep = (plan, { organization, wish, pinGiven }, { directory }, settings) => {
  const { target } = plan
  if (target.kind !== 'carriers' && target.kind !== 'devices') return plan
  if (target.kind === 'carriers' && target.emergency) return plan
  const confirm =
    wish?.answerConfirm === true ? { timeoutSeconds: settings.confirmSeconds ?? CONFIRM_SECONDS } : undefined
  const machine = target.kind === 'carriers' ? machineOf(wish, settings.machineDetection) : undefined
  const progress = {
    ringbackCountry: ringbackCountry(plan, organization.country),
    callerAnswered: wish !== undefined || pinGiven === true,
    ownRingback:
      target.kind === 'devices' ||
      confirm !== undefined ||
      machine !== undefined ||
      wish?.earlyMedia === false,
    stopsWhenAnswered: confirm !== undefined || machine !== undefined,
    ...(confirm === undefined ? {} : { confirm }),
  }
  const trace = [
    ...plan.trace,
    ...(machine === undefined ? [] : [`listens for an answering machine: ${machine.action}`]),
    ...(confirm === undefined ? [] : [`the callee has to press 1 within ${confirm.timeoutSeconds} s`]),
  ]
  if (target.kind === 'devices') return { ...plan, progress, trace }
  const attempts = target.attempts.map((attempt, index): PlannedAttempt => {
    const country = tonesCountry(directory.gateway(attempt.carried.gatewayId), progress.ringbackCountry)
    const onAnswer: OnAnswer = {
      ...(confirm === undefined ? {} : { confirm }),
      ...(machine === undefined ? {} : { machine }),
      ...(country === undefined ? {} : { tones: { country } }),
    }
    if (confirm === undefined && !needsListening(onAnswer)) return attempt
    const isLast = index === target.attempts.length - 1
    return {
      ...attempt,
      onAnswer,
      goOnAfter: (isLast ? FAILOVER_CAUSES : causesToGoOn(attempt.policy)).join(',') || 'false',
    }
  })
  return { ...plan, progress, trace, target: { ...target, attempts } }
}

const machineOf = (wish: CallWish | undefined, byDefault: MachineAction | undefined): OnAnswer['machine'] =>
  wish?.machineDetection ?? (byDefault === undefined ? undefined : { action: byDefault })

/**
 * The destination's, as the exchange there would sound it: who calls abroad knows by the tone that he reached the
 * country. A phone of the house rings as at home.
 */
const ringbackCountry = ({ numberClass }: Plan, home: Country): Country =>
  numberClass.kind === 'e164' ? (numberClass.country ?? home) : home

const tonesCountry = (gateway: Gateway | undefined, destination: Country | undefined): Country | undefined =>
  gateway?.answersWithTones === true ? destination : undefined
