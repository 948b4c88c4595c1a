/**
 * Whether a call is recorded, and under which policy. Pure. In this order:
 *
 * 1. A policy that is named (`recordingPolicyId` of the API, `recording_policy_id` of the operator's dialplan) applies
 *    whatever its scope says.
 * 2. Else of the enabled policies whose scope has the call the most specific one: a number, then a user, then a group,
 *    then a direction, then all; of two alike the one with the lower id.
 * 3. `recordCall: false` (or `recording_enabled=false`) is heard only where that policy says that it is optional: what
 *    the house has to record, nobody switches off with a request.
 * 4. `recordCall: true` (or `recording_enabled=true`) records a call for which there is no policy.
 */
import type { Direction } from '../call/carried.ts'
import type { RecordingPolicy } from '../directory/recording-records.ts'

export type RecordingQuestion = {
  readonly direction: Direction
  /** Our users at the call, on either side. */
  readonly userIds: readonly number[]
  /** The caller's and the called number, in E.164 where they have such a form. */
  readonly numbers: readonly string[]
  /** The organisation's, enabled, in the order of their ids. */
  readonly policies: readonly RecordingPolicy[]
  readonly groupsOf: (userId: number) => readonly number[]
  /** Asked for: by the API first, else by the channel. */
  readonly recordCall: boolean | undefined
  readonly policyId: number | undefined
}

export type RecordingVerdict = {
  readonly records: boolean
  readonly policy: RecordingPolicy | undefined
  /** A sentence for the trace; undefined where nothing was asked for and nothing applies. */
  readonly why: string | undefined
}

export const decideRecording = (question: RecordingQuestion): RecordingVerdict => {
  const { policies, policyId, recordCall } = question
  const named = policyId === undefined ? undefined : policies.find(({ id }) => id === policyId)
  const missing =
    policyId !== undefined && named === undefined ? `there is no recording policy ${policyId}; ` : ''
  const found = named === undefined ? mostSpecific(question) : { policy: named, because: 'it is named' }
  if (found === undefined) {
    if (recordCall !== true)
      return { records: false, policy: undefined, why: missing === '' ? undefined : `${missing}not recorded` }
    return { records: true, policy: undefined, why: `${missing}recorded, as was asked for, under no policy` }
  }
  const { policy, because } = found
  const title = `recording policy ${policy.id} (${policy.name})`
  if (recordCall === false && policy.settings.optional)
    return {
      records: false,
      policy,
      why: `${missing}not recorded, as was asked for: ${title} leaves the choice`,
    }
  const insists = recordCall === false ? ', whatever was asked for' : ''
  return { records: true, policy, why: `${missing}recorded by ${title}: ${because}${insists}` }
}

const mostSpecific = (
  question: RecordingQuestion,
): { readonly policy: RecordingPolicy; readonly because: string } | undefined => {
  let best: { readonly policy: RecordingPolicy; readonly because: string; readonly rank: number } | undefined
  for (const policy of question.policies) {
    const match = matchOf(policy, question)
    if (match !== undefined && match.rank > (best?.rank ?? -1)) best = { policy, ...match }
  }
  return best
}

const matchOf = (
  { scope }: RecordingPolicy,
  { direction, userIds, numbers, groupsOf }: RecordingQuestion,
): { readonly rank: number; readonly because: string } | undefined => {
  switch (scope.type) {
    case 'all':
      return { rank: 0, because: 'every call is' }
    case 'inbound':
    case 'outbound':
      return direction === scope.type ? { rank: 1, because: `${direction} calls are` } : undefined
    case 'specific': {
      const number = numbers.find((each) => scope.numbers.some((other) => other === each))
      if (number !== undefined) return { rank: 4, because: `calls with ${number} are` }
      const userId = userIds.find((each) => scope.users.includes(each))
      if (userId !== undefined) return { rank: 3, because: `calls of user ${userId} are` }
      const member = userIds.find((each) => groupsOf(each).some((group) => scope.groups.includes(group)))
      return member === undefined ? undefined : { rank: 2, because: `calls of a group of user ${member} are` }
    }
  }
}
