/**
 * A call that a balance pays for, told to the switch: when its destination answers, the end of what is reserved is
 * scheduled, with an announcement to whoever talks with it then; the engine puts it off (engine/prepaid-limits). The hook
 * names the leg that costs, so a caller who has gone elsewhere is never cut for what he left.
 */
import { limitArguments, NO_CREDIT, PREPAID_CONTEXT } from '../call/prepaid.ts'
import type { Plan, PlannedAttempt } from '../call/plan.ts'
import type { Action } from './action.ts'

const HOOKS = ['api_on_answer_prepaid', 'api_on_answer_prepaid_end'] as const
/** `nolocal:` as an exported variable of the caller's leg: it acts on the leg that answers. */
const exported = (hook: string): string => `nolocal:${hook}`

/** Once, before the first attempt: what each attempt then sets for itself goes to the leg that it dials. */
export const prepaidActions = ({ target }: Plan): readonly Action[] => {
  const [first] = target.kind === 'carriers' ? target.attempts : []
  return first === undefined ? [] : prepaidSettings(first).map((setting): Action => ['export', setting])
}

/** On the caller's leg, before this attempt, `name=value`. */
export const prepaidSettings = (attempt: PlannedAttempt): readonly string[] =>
  prepaidVariables(attempt).map(([hook, command]) => `${exported(hook)}=${command}`)

/** For a leg that is originated: variables of its own. */
export const prepaidVariables = ({
  carried,
  prepaidLimitSeconds,
}: PlannedAttempt): readonly (readonly [name: string, value: string])[] => {
  if (prepaidLimitSeconds === undefined) return []
  const commands = limitArguments(carried.legUuid, 0, prepaidLimitSeconds)
  return HOOKS.flatMap((hook, index) => {
    const command = commands[index]
    return command === undefined ? [] : [[hook, `sched_api ${command}`] as const]
  })
}

export const LEFT_BY_PREPAID: readonly string[] = HOOKS.map(exported)

/**
 * He hears why, before the answer and at no cost; then 402 (RFC 3261, 21.4.3: reserved for this, and what phones and
 * carriers make of it is "payment required").
 */
export const noCreditActions: readonly Action[] = [
  ['set', 'sip_ignore_remote_cause=true'],
  ['pre_answer'],
  // The first packets find the way.
  ['sleep', '300'],
  ['execute_extension', `${NO_CREDIT} XML ${PREPAID_CONTEXT}`],
  ['respond', '402 Payment Required'],
  ['hangup', 'OUTGOING_CALL_BARRED'],
]
