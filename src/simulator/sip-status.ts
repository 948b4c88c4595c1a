import { HANGUP_CAUSES, type HangupCause } from '../telephony/hangup-cause.ts'

/** sofia_glue.c, sofia_glue_sip_cause_to_freeswitch. */
const CAUSE_BY_STATUS: Readonly<Record<number, HangupCause>> = {
  200: 'NORMAL_CLEARING',
  400: 'NORMAL_TEMPORARY_FAILURE',
  401: 'CALL_REJECTED',
  402: 'CALL_REJECTED',
  403: 'CALL_REJECTED',
  404: 'UNALLOCATED_NUMBER',
  405: 'SERVICE_UNAVAILABLE',
  406: 'SERVICE_NOT_IMPLEMENTED',
  407: 'CALL_REJECTED',
  408: 'RECOVERY_ON_TIMER_EXPIRE',
  410: 'NUMBER_CHANGED',
  413: 'INTERWORKING',
  414: 'INTERWORKING',
  415: 'SERVICE_NOT_IMPLEMENTED',
  416: 'INTERWORKING',
  420: 'INTERWORKING',
  421: 'INTERWORKING',
  423: 'INTERWORKING',
  428: 'NO_IDENTITY',
  429: 'BAD_IDENTITY_INFO',
  437: 'UNSUPPORTED_CERTIFICATE',
  438: 'INVALID_IDENTITY',
  480: 'NO_USER_RESPONSE',
  481: 'NORMAL_TEMPORARY_FAILURE',
  482: 'EXCHANGE_ROUTING_ERROR',
  483: 'EXCHANGE_ROUTING_ERROR',
  484: 'INVALID_NUMBER_FORMAT',
  485: 'NO_ROUTE_DESTINATION',
  486: 'USER_BUSY',
  487: 'ORIGINATOR_CANCEL',
  488: 'INCOMPATIBLE_DESTINATION',
  500: 'NORMAL_TEMPORARY_FAILURE',
  501: 'SERVICE_NOT_IMPLEMENTED',
  502: 'NETWORK_OUT_OF_ORDER',
  503: 'NORMAL_TEMPORARY_FAILURE',
  504: 'RECOVERY_ON_TIMER_EXPIRE',
  505: 'INTERWORKING',
  513: 'INTERWORKING',
  600: 'USER_BUSY',
  603: 'CALL_REJECTED',
  604: 'NO_ROUTE_DESTINATION',
  606: 'INCOMPATIBLE_DESTINATION',
  607: 'UNWANTED',
  608: 'CALL_REJECTED',
}

export const causeOfStatus = (status: number): HangupCause => CAUSE_BY_STATUS[status] ?? 'NORMAL_UNSPECIFIED'

const CAUSE_NAMES = Object.keys(HANGUP_CAUSES).filter((name): name is HangupCause => name in HANGUP_CAUSES)

/** A cause by its Q.850 or FreeSWITCH number, or undefined (switch_channel_str2cause takes both). */
export const causeOfNumber = (number: number): HangupCause | undefined =>
  CAUSE_NAMES.find((name) => HANGUP_CAUSES[name].number === number)

/** A cause by name in any case or by number; undefined when it is neither. */
export const causeOfText = (text: string): HangupCause | undefined => {
  const upper = text.trim().toUpperCase()
  if (/^\d+$/.test(upper)) return causeOfNumber(Number(upper))
  return CAUSE_NAMES.find((name) => name === upper)
}

export const q850Of = (cause: HangupCause): number => HANGUP_CAUSES[cause].number

export const sipStatusOf = (cause: HangupCause): number => HANGUP_CAUSES[cause].sip

/** The reason phrases of sofia-sip (sip_status.c) that a hunt meets. */
const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  480: 'Temporarily Unavailable',
  481: 'Call Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
  607: 'Unwanted',
}

export const phraseOf = (status: number): string => PHRASES[status] ?? 'Unknown'
