/**
 * What a call that came to nothing is called in our API, and what a person is told of it. Each hangup cause has one
 * row; the words are those that programs know from the API's error table, so they never change. To add a cause, add
 * its row in hangup-cause.ts: the compiler then asks for one here.
 */
import { HANGUP_CAUSES, type HangupCause } from './hangup-cause.ts'

export type CallFault = {
  readonly cause: HangupCause
  /** What a caller over SIP gets for it. */
  readonly sip: number
  /** ITU-T Q.850; 127 (interworking) for the causes that only FreeSWITCH knows. */
  readonly q850: number
  /** Stable, for programs: `DESTINATION_BUSY`. */
  readonly code: FaultCode
  /** A sentence, for engineers. */
  readonly message: string
  /** A sentence, for the person who calls. */
  readonly userMessage: string
}

const TRY_AGAIN = 'The call could not be completed. Please try again.'
const CHECK_NUMBER = 'Unable to connect to this number. Please check the number and try again.'

const FAULTS = {
  ROUTE_NOT_FOUND: ['No route available for the destination number', CHECK_NUMBER],
  NUMBER_UNALLOCATED: ['The destination number is not in service', CHECK_NUMBER],
  NUMBER_CHANGED: ['The destination number has changed', CHECK_NUMBER],
  INVALID_NUMBER: ['The destination number format is invalid', 'Please enter a valid phone number.'],
  DESTINATION_BUSY: [
    'The destination number is busy',
    'The number you called is busy. Please try again later.',
  ],
  NO_ANSWER: ['The destination did not answer', 'There was no answer. Please try again later.'],
  DESTINATION_UNREACHABLE: [
    'The destination cannot be reached at the moment',
    'The person you called cannot be reached. Please try again later.',
  ],
  CALL_REJECTED: ['The destination rejected the call', 'The call was declined.'],
  CALL_BARRED: ['The call is not permitted', 'This call is not permitted.'],
  CALL_CANCELLED: ['The caller gave up before the destination answered', 'The call was cancelled.'],
  CARRIER_UNAVAILABLE: [
    'No carrier could take the call',
    'The network is busy. Please try again in a few minutes.',
  ],
  INCOMPATIBLE_DESTINATION: ['The destination does not support this kind of call', TRY_AGAIN],
  CALLER_NOT_TRUSTED: ['The destination network refused the identity of the caller', TRY_AGAIN],
  CALL_FAILED: ['Call failed', TRY_AGAIN],
} as const satisfies Record<string, readonly [message: string, userMessage: string]>

export type FaultCode = keyof typeof FAULTS

const CODES: Readonly<Record<HangupCause, FaultCode>> = {
  NONE: 'CALL_FAILED',
  UNALLOCATED_NUMBER: 'NUMBER_UNALLOCATED',
  NO_ROUTE_TRANSIT_NET: 'ROUTE_NOT_FOUND',
  NO_ROUTE_DESTINATION: 'ROUTE_NOT_FOUND',
  CHANNEL_UNACCEPTABLE: 'CARRIER_UNAVAILABLE',
  CALL_AWARDED_DELIVERED: 'CALL_FAILED',
  NORMAL_CLEARING: 'CALL_CANCELLED',
  USER_BUSY: 'DESTINATION_BUSY',
  // The callee's phone never said that it rings (Q.850, 18); sofia makes it of 480.
  NO_USER_RESPONSE: 'NO_ANSWER',
  NO_ANSWER: 'NO_ANSWER',
  SUBSCRIBER_ABSENT: 'DESTINATION_UNREACHABLE',
  CALL_REJECTED: 'CALL_REJECTED',
  NUMBER_CHANGED: 'NUMBER_CHANGED',
  REDIRECTION_TO_NEW_DESTINATION: 'NUMBER_CHANGED',
  EXCHANGE_ROUTING_ERROR: 'CARRIER_UNAVAILABLE',
  DESTINATION_OUT_OF_ORDER: 'DESTINATION_UNREACHABLE',
  INVALID_NUMBER_FORMAT: 'INVALID_NUMBER',
  FACILITY_REJECTED: 'CALL_FAILED',
  RESPONSE_TO_STATUS_ENQUIRY: 'CALL_FAILED',
  NORMAL_UNSPECIFIED: 'CALL_FAILED',
  NORMAL_CIRCUIT_CONGESTION: 'CARRIER_UNAVAILABLE',
  NETWORK_OUT_OF_ORDER: 'CARRIER_UNAVAILABLE',
  NORMAL_TEMPORARY_FAILURE: 'CARRIER_UNAVAILABLE',
  SWITCH_CONGESTION: 'CARRIER_UNAVAILABLE',
  ACCESS_INFO_DISCARDED: 'CALL_FAILED',
  REQUESTED_CHAN_UNAVAIL: 'CARRIER_UNAVAILABLE',
  PRE_EMPTED: 'CALL_FAILED',
  FACILITY_NOT_SUBSCRIBED: 'CALL_BARRED',
  OUTGOING_CALL_BARRED: 'CALL_BARRED',
  INCOMING_CALL_BARRED: 'CALL_BARRED',
  BEARERCAPABILITY_NOTAUTH: 'CALL_BARRED',
  BEARERCAPABILITY_NOTAVAIL: 'CARRIER_UNAVAILABLE',
  SERVICE_UNAVAILABLE: 'CARRIER_UNAVAILABLE',
  BEARERCAPABILITY_NOTIMPL: 'INCOMPATIBLE_DESTINATION',
  CHAN_NOT_IMPLEMENTED: 'INCOMPATIBLE_DESTINATION',
  FACILITY_NOT_IMPLEMENTED: 'INCOMPATIBLE_DESTINATION',
  SERVICE_NOT_IMPLEMENTED: 'INCOMPATIBLE_DESTINATION',
  INVALID_CALL_REFERENCE: 'CALL_FAILED',
  INCOMPATIBLE_DESTINATION: 'INCOMPATIBLE_DESTINATION',
  INVALID_MSG_UNSPECIFIED: 'CALL_FAILED',
  MANDATORY_IE_MISSING: 'CALL_FAILED',
  MESSAGE_TYPE_NONEXIST: 'CALL_FAILED',
  WRONG_MESSAGE: 'CALL_FAILED',
  IE_NONEXIST: 'CALL_FAILED',
  INVALID_IE_CONTENTS: 'CALL_FAILED',
  WRONG_CALL_STATE: 'CALL_FAILED',
  RECOVERY_ON_TIMER_EXPIRE: 'CARRIER_UNAVAILABLE',
  MANDATORY_IE_LENGTH_ERROR: 'CALL_FAILED',
  PROTOCOL_ERROR: 'CALL_FAILED',
  INTERWORKING: 'CALL_FAILED',
  SUCCESS: 'CALL_FAILED',
  ORIGINATOR_CANCEL: 'CALL_CANCELLED',
  CRASH: 'CALL_FAILED',
  SYSTEM_SHUTDOWN: 'CALL_FAILED',
  LOSE_RACE: 'CALL_FAILED',
  MANAGER_REQUEST: 'CALL_CANCELLED',
  BLIND_TRANSFER: 'CALL_FAILED',
  ATTENDED_TRANSFER: 'CALL_FAILED',
  // Our own time limit: on a call that nobody answered it is the time to ring (leg_timeout).
  ALLOTTED_TIMEOUT: 'NO_ANSWER',
  USER_CHALLENGE: 'CALL_FAILED',
  MEDIA_TIMEOUT: 'CALL_FAILED',
  PICKED_OFF: 'CALL_FAILED',
  USER_NOT_REGISTERED: 'DESTINATION_UNREACHABLE',
  PROGRESS_TIMEOUT: 'CARRIER_UNAVAILABLE',
  INVALID_GATEWAY: 'CARRIER_UNAVAILABLE',
  GATEWAY_DOWN: 'CARRIER_UNAVAILABLE',
  INVALID_URL: 'INVALID_NUMBER',
  INVALID_PROFILE: 'CARRIER_UNAVAILABLE',
  NO_PICKUP: 'NO_ANSWER',
  SRTP_READ_ERROR: 'CALL_FAILED',
  BOWOUT: 'CALL_FAILED',
  BUSY_EVERYWHERE: 'DESTINATION_BUSY',
  DECLINE: 'CALL_REJECTED',
  DOES_NOT_EXIST_ANYWHERE: 'NUMBER_UNALLOCATED',
  NOT_ACCEPTABLE: 'INCOMPATIBLE_DESTINATION',
  UNWANTED: 'CALL_REJECTED',
  NO_IDENTITY: 'CALLER_NOT_TRUSTED',
  BAD_IDENTITY_INFO: 'CALLER_NOT_TRUSTED',
  UNSUPPORTED_CERTIFICATE: 'CALLER_NOT_TRUSTED',
  INVALID_IDENTITY: 'CALLER_NOT_TRUSTED',
  STALE_DATE: 'CALLER_NOT_TRUSTED',
  REJECT_ALL: 'CALL_REJECTED',
}

export const faultOfCause = (cause: HangupCause): CallFault => {
  const code = CODES[cause]
  const [message, userMessage] = FAULTS[code]
  return {
    cause,
    sip: HANGUP_CAUSES[cause].sip,
    q850: q850Of(cause),
    code,
    message: code === 'CALL_FAILED' ? `${message}: ${cause}` : message,
    userMessage,
  }
}

/** FreeSWITCH's own causes are above 127 and have no number in Q.850: interworking, unspecified (127). */
export const q850Of = (cause: HangupCause): number =>
  Math.min(HANGUP_CAUSES[cause].number, HANGUP_CAUSES.INTERWORKING.number)

/** What the person is told when a request to call is refused, by the request's code. */
const REFUSED: Readonly<Record<string, string>> = {
  INVALID_DESTINATION: FAULTS.INVALID_NUMBER[1],
  USER_NOT_FOUND: 'This user does not exist.',
  ORGANIZATION_NOT_FOUND: 'This organisation does not exist.',
  DEVICE_UNAVAILABLE: 'Your phone is not registered. Please check it and try again.',
  CALLER_ID_NOT_ALLOWED: 'Unable to use the requested caller ID.',
  DESTINATION_BLOCKED: FAULTS.CALL_BARRED[1],
  QUOTA_EXCEEDED: 'Too many calls. Please wait before trying again.',
  FRAUD_BLOCKED: FAULTS.CALL_BARRED[1],
  PIN_REQUIRED: 'This call needs a PIN. Please dial it on your phone.',
  INSUFFICIENT_BALANCE: 'There is not enough credit for this call.',
  CARRIER_UNAVAILABLE: CHECK_NUMBER,
  SWITCH_UNAVAILABLE: TRY_AGAIN,
  IDEMPOTENCY_KEY_IN_FLIGHT: TRY_AGAIN,
  CALL_FATE_UNKNOWN: 'It is not known whether the call was made. Please check before calling again.',
}

export const userMessageOfRefusal = (code: string): string | undefined =>
  Object.hasOwn(REFUSED, code) ? REFUSED[code] : undefined
