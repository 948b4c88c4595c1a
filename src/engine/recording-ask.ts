/** What a channel says of recording when it asks for its dialplan: variables of an operator's dialplan, or of our last plan. */
import {
  decodeRecording,
  RECORDING_ENABLED_VARIABLE,
  RECORDING_POLICY_VARIABLE,
  RECORDING_STATE_VARIABLE,
  RECORDING_VARIABLE,
  RECORDINGS_VARIABLE,
  type RecordingAsk,
} from '../call/recording.ts'
import { CALL_VARIABLE } from '../call/carried.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'
import type { Field } from '../xml-curl/request.ts'

export const readRecordingAsk = (field: Field): RecordingAsk => {
  const of = (name: string): string => field(`variable_${name}`) ?? ''
  const before = of(RECORDINGS_VARIABLE).split(',').filter(isCallUuid)
  const carried = of(RECORDING_VARIABLE)
  // Of a plan that the channel had before: what that decided is no wish of the operator's.
  const isOurs = of(CALL_VARIABLE) !== ''
  const enabled = of(RECORDING_ENABLED_VARIABLE)
  const policy = of(RECORDING_POLICY_VARIABLE)
  return {
    enabled: isOurs || (enabled !== 'true' && enabled !== 'false') ? undefined : enabled === 'true',
    policyId: isOurs || !/^[1-9][0-9]{0,8}$/.test(policy) ? undefined : Number(policy),
    isRunning:
      carried !== '' &&
      of(RECORDING_STATE_VARIABLE) !== 'stopped' &&
      before.includes(decodeRecording(carried).recordingId),
    before: before.join(','),
    isCallerAnswered: field('Answer-State') === 'answered',
  }
}
