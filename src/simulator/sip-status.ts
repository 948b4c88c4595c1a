import { HANGUP_CAUSES, type HangupCause } from '../telephony/hangup-cause.ts'
import { causeOfSipStatus } from '../telephony/sip-status.ts'

/** The cause of a final status; a 200 is the far end's BYE. */
export const causeOfStatus = (status: number): HangupCause =>
  status === 200 ? 'NORMAL_CLEARING' : causeOfSipStatus(status)

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
