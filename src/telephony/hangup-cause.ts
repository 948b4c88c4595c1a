/**
 * Hangup causes, spelled as on FreeSWITCH's wire, with the Q.850 or FreeSWITCH number
 * (FreeSWITCH src/include/switch_types.h, switch_call_cause_t) and the SIP status that sofia makes of it
 * (mod_sofia.c, hangup_cause_to_sip).
 */
export const HANGUP_CAUSES = {
  NONE: { number: 0, sip: 487 },
  UNALLOCATED_NUMBER: { number: 1, sip: 404 },
  NO_ROUTE_TRANSIT_NET: { number: 2, sip: 404 },
  NO_ROUTE_DESTINATION: { number: 3, sip: 404 },
  CHANNEL_UNACCEPTABLE: { number: 6, sip: 480 },
  CALL_AWARDED_DELIVERED: { number: 7, sip: 480 },
  NORMAL_CLEARING: { number: 16, sip: 480 },
  USER_BUSY: { number: 17, sip: 486 },
  NO_USER_RESPONSE: { number: 18, sip: 408 },
  NO_ANSWER: { number: 19, sip: 480 },
  SUBSCRIBER_ABSENT: { number: 20, sip: 480 },
  CALL_REJECTED: { number: 21, sip: 603 },
  NUMBER_CHANGED: { number: 22, sip: 410 },
  REDIRECTION_TO_NEW_DESTINATION: { number: 23, sip: 410 },
  EXCHANGE_ROUTING_ERROR: { number: 25, sip: 483 },
  DESTINATION_OUT_OF_ORDER: { number: 27, sip: 502 },
  INVALID_NUMBER_FORMAT: { number: 28, sip: 484 },
  FACILITY_REJECTED: { number: 29, sip: 501 },
  RESPONSE_TO_STATUS_ENQUIRY: { number: 30, sip: 480 },
  NORMAL_UNSPECIFIED: { number: 31, sip: 480 },
  NORMAL_CIRCUIT_CONGESTION: { number: 34, sip: 503 },
  NETWORK_OUT_OF_ORDER: { number: 38, sip: 503 },
  NORMAL_TEMPORARY_FAILURE: { number: 41, sip: 503 },
  SWITCH_CONGESTION: { number: 42, sip: 503 },
  ACCESS_INFO_DISCARDED: { number: 43, sip: 480 },
  REQUESTED_CHAN_UNAVAIL: { number: 44, sip: 503 },
  PRE_EMPTED: { number: 45, sip: 480 },
  FACILITY_NOT_SUBSCRIBED: { number: 50, sip: 480 },
  OUTGOING_CALL_BARRED: { number: 52, sip: 403 },
  INCOMING_CALL_BARRED: { number: 54, sip: 403 },
  BEARERCAPABILITY_NOTAUTH: { number: 57, sip: 403 },
  BEARERCAPABILITY_NOTAVAIL: { number: 58, sip: 503 },
  SERVICE_UNAVAILABLE: { number: 63, sip: 480 },
  BEARERCAPABILITY_NOTIMPL: { number: 65, sip: 488 },
  CHAN_NOT_IMPLEMENTED: { number: 66, sip: 480 },
  FACILITY_NOT_IMPLEMENTED: { number: 69, sip: 501 },
  SERVICE_NOT_IMPLEMENTED: { number: 79, sip: 501 },
  INVALID_CALL_REFERENCE: { number: 81, sip: 480 },
  INCOMPATIBLE_DESTINATION: { number: 88, sip: 488 },
  INVALID_MSG_UNSPECIFIED: { number: 95, sip: 480 },
  MANDATORY_IE_MISSING: { number: 96, sip: 480 },
  MESSAGE_TYPE_NONEXIST: { number: 97, sip: 480 },
  WRONG_MESSAGE: { number: 98, sip: 480 },
  IE_NONEXIST: { number: 99, sip: 480 },
  INVALID_IE_CONTENTS: { number: 100, sip: 480 },
  WRONG_CALL_STATE: { number: 101, sip: 480 },
  RECOVERY_ON_TIMER_EXPIRE: { number: 102, sip: 504 },
  MANDATORY_IE_LENGTH_ERROR: { number: 103, sip: 480 },
  PROTOCOL_ERROR: { number: 111, sip: 480 },
  INTERWORKING: { number: 127, sip: 480 },
  SUCCESS: { number: 142, sip: 480 },
  ORIGINATOR_CANCEL: { number: 487, sip: 487 },
  CRASH: { number: 700, sip: 480 },
  SYSTEM_SHUTDOWN: { number: 701, sip: 480 },
  LOSE_RACE: { number: 702, sip: 480 },
  MANAGER_REQUEST: { number: 703, sip: 480 },
  BLIND_TRANSFER: { number: 800, sip: 480 },
  ATTENDED_TRANSFER: { number: 801, sip: 480 },
  ALLOTTED_TIMEOUT: { number: 802, sip: 480 },
  USER_CHALLENGE: { number: 803, sip: 480 },
  MEDIA_TIMEOUT: { number: 804, sip: 480 },
  PICKED_OFF: { number: 805, sip: 480 },
  USER_NOT_REGISTERED: { number: 806, sip: 480 },
  PROGRESS_TIMEOUT: { number: 807, sip: 480 },
  INVALID_GATEWAY: { number: 808, sip: 484 },
  GATEWAY_DOWN: { number: 809, sip: 503 },
  INVALID_URL: { number: 810, sip: 484 },
  INVALID_PROFILE: { number: 811, sip: 502 },
  NO_PICKUP: { number: 812, sip: 480 },
  SRTP_READ_ERROR: { number: 813, sip: 480 },
  BOWOUT: { number: 814, sip: 480 },
  BUSY_EVERYWHERE: { number: 815, sip: 600 },
  DECLINE: { number: 816, sip: 603 },
  DOES_NOT_EXIST_ANYWHERE: { number: 817, sip: 604 },
  NOT_ACCEPTABLE: { number: 818, sip: 606 },
  UNWANTED: { number: 819, sip: 607 },
  NO_IDENTITY: { number: 820, sip: 428 },
  BAD_IDENTITY_INFO: { number: 821, sip: 429 },
  UNSUPPORTED_CERTIFICATE: { number: 822, sip: 437 },
  INVALID_IDENTITY: { number: 823, sip: 438 },
  STALE_DATE: { number: 824, sip: 403 },
  REJECT_ALL: { number: 825, sip: 603 },
} as const satisfies Record<string, { readonly number: number; readonly sip: number }>

export type HangupCause = keyof typeof HANGUP_CAUSES

export const isHangupCause = (text: string): text is HangupCause => Object.hasOwn(HANGUP_CAUSES, text)

/** The cause that FreeSWITCH wrote; one that this table does not know is NORMAL_UNSPECIFIED. */
export const hangupCauseOf = (text: string | undefined): HangupCause =>
  text !== undefined && isHangupCause(text) ? text : 'NORMAL_UNSPECIFIED'

/**
 * The causes after which the next carrier may be tried: the trunk or the carrier failed, nobody was asked.
 * A busy, declining or absent callee is not here. CALL_REJECTED is not here either: it stands for 403 (our
 * account) and 603 (the callee) alike, and ringing a callee who declined is the worse mistake.
 */
export const FAILOVER_CAUSES: readonly HangupCause[] = [
  'NORMAL_TEMPORARY_FAILURE',
  'NORMAL_CIRCUIT_CONGESTION',
  'SWITCH_CONGESTION',
  'NETWORK_OUT_OF_ORDER',
  'REQUESTED_CHAN_UNAVAIL',
  'DESTINATION_OUT_OF_ORDER',
  'EXCHANGE_ROUTING_ERROR',
  'SERVICE_UNAVAILABLE',
  'RECOVERY_ON_TIMER_EXPIRE',
  'PROGRESS_TIMEOUT',
  'GATEWAY_DOWN',
  'INVALID_GATEWAY',
  'INVALID_PROFILE',
  'BEARERCAPABILITY_NOTAVAIL',
]
