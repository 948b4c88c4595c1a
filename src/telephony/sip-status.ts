/**
 * What sofia makes of a carrier's refusal: the hangup cause of a SIP status (sofia_glue.c,
 * sofia_glue_sip_cause_to_freeswitch), measured for every status from 300 to 699 on FreeSWITCH 1.10.12 and
 * 1.11.3-dev, alike (test/live/sip-statuses.test.ts measures again). A status without a row is NORMAL_UNSPECIFIED.
 *
 * No channel variable and no event tells Retry-After: sofia-sip parses it as a header of its own (sip_retry_after),
 * so that it is not among the unknown headers that become sip_rh_* (sofia_glue.c, sofia_glue_set_extra_headers),
 * and mod_sofia reads it for a 481 of a subscription only (sofia.c, 141).
 */
import { HANGUP_CAUSES, isHangupCause, type HangupCause } from './hangup-cause.ts'

const CAUSES: Readonly<Record<number, HangupCause>> = {
  // With outbound_redirect_fatal, which every attempt of ours has; without it sofia obeys the redirection.
  300: 'REQUESTED_CHAN_UNAVAIL',
  301: 'REQUESTED_CHAN_UNAVAIL',
  302: 'REQUESTED_CHAN_UNAVAIL',
  305: 'REQUESTED_CHAN_UNAVAIL',
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

/** The cause of a refusal with this status, 300 to 699, where its Reason header is not believed. */
export const causeOfSipStatus = (status: number): HangupCause => CAUSES[status] ?? 'NORMAL_UNSPECIFIED'

/** Every status that becomes this cause and has a row; NORMAL_UNSPECIFIED has all the others. */
export const sipStatusesOf = (cause: HangupCause): readonly number[] => STATUSES.get(cause) ?? []

const STATUSES: ReadonlyMap<HangupCause, readonly number[]> = new Map(
  Object.values(CAUSES).map((cause) => [
    cause,
    Object.keys(CAUSES)
      .map(Number)
      .filter((status) => CAUSES[status] === cause),
  ]),
)

/**
 * The cause of a Reason header's number, where it is believed. Undefined: FreeSWITCH calls it UNKNOWN, and no list of
 * causes matches that (switch_channel.c, switch_channel_cause2str).
 */
export const causeOfQ850 = (number: number): HangupCause | undefined => BY_NUMBER.get(number)

const BY_NUMBER: ReadonlyMap<number, HangupCause> = new Map(
  Object.keys(HANGUP_CAUSES)
    .filter(isHangupCause)
    .map((cause) => [HANGUP_CAUSES[cause].number, cause]),
)

/**
 * The cause with which sofia ends a leg: of its status, or of the Reason header's number where `reason` is given and
 * believed; 0 is none, and a 3xx has none (sofia.c, sofia_handle_sip_r_invite). Undefined: UNKNOWN.
 */
export const causeOfRefusal = (
  status: number,
  reason: number | undefined,
  believes: 'status' | 'reason',
): HangupCause | undefined =>
  believes === 'reason' && status >= 400 && reason !== undefined && reason !== 0
    ? causeOfQ850(reason)
    : causeOfSipStatus(status)
