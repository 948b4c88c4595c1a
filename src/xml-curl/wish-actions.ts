/** What was asked for with a call, as actions on the caller's leg before anybody is dialled. */
import { CRM_VARIABLE, encodeCrm } from '../call/granted.ts'
import type { Plan } from '../call/plan.ts'
import type { Action } from './action.ts'

/**
 * Headers go out by `export`, for each leg that is dialled, and stay off the caller's own (`nolocal:`). Their names and
 * values are such that nothing on the way reads them (telephony/sip-header).
 */
export const wishActions = ({ granted }: Plan): readonly Action[] => [
  ...Object.entries(granted?.customHeaders ?? {}).map(([name, value]): Action => [
    'export',
    `nolocal:sip_h_${name}=${value}`,
  ]),
  ...(granted?.crm === undefined
    ? []
    : ([['export', `nolocal:${CRM_VARIABLE}=${encodeCrm(granted.crm)}`]] as const)),
  ...(granted?.earlyMedia === false ? ([['set', 'ignore_early_media=true']] as const) : []),
]

/**
 * Ends a call that has been forgotten, so many seconds after the destination answered: the hook runs on the answered
 * leg and ends the caller's, which in a call that the API asked for was answered long before. A variable's name may go
 * on after `api_on_answer` (switch_channel.c, switch_channel_api_on), so that others have theirs beside it.
 */
export const TALK_LIMIT_HOOK = 'nolocal:api_on_answer_limit'

export const talkLimit = (callId: string, seconds: number): string =>
  `${TALK_LIMIT_HOOK}=sched_hangup +${seconds} ${callId} ALLOTTED_TIMEOUT`
