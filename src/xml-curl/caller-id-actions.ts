/**
 * The caller ID of an attempt as variables of its leg, which win over whatever stands on the caller's channel
 * (switch_ivr_originate.c merges `[]` over the rest, and sets them on the new channel after sofia copied the caller's).
 *
 * `origination_privacy` stands in every leg: without it the flags of the caller's INVITE are inherited, and a phone's
 * own Privacy or Remote-Party-ID header would say what the carrier is told.
 */
import type { AttemptCallerId } from '../call/caller-id.ts'
import type { LegVariables } from '../telephony/dial-string.ts'

/**
 * sofia writes sip_h_identity as the header that it is, and once more among the headers that it does not know
 * (sofia_glue.c, sofia_glue_do_invite and sofia_glue_get_extra_headers; measured).
 */
export const IDENTITY_ONCE: LegVariables = { exclude_outgoing_extra_header: '^sip_h_identity' }

/** RFC 3323, 4.1.1.3: who calls when nobody may know. */
const ANONYMOUS = 'sip:anonymous@anonymous.invalid'

export const callerIdVariables = (callerId: AttemptCallerId | undefined): LegVariables => {
  if (callerId === undefined) return {}
  const { sent, withheld, locationUri, identity } = callerId
  return {
    origination_privacy: 'screen',
    ...(sent === undefined || withheld ? hidden(callerId) : shown(callerId, sent)),
    ...locationVariables(locationUri),
    ...(identity === undefined ? {} : { sip_h_identity: identity, ...IDENTITY_ONCE }),
  }
}

/** RFC 6442: whoever routes the call may look. */
export const locationVariables = (locationUri: string | undefined): LegVariables =>
  locationUri === undefined
    ? {}
    : { sip_h_Geolocation: `<${locationUri}>`, 'sip_h_Geolocation-Routing': 'yes' }

const shown = ({ header }: AttemptCallerId, sent: string): LegVariables => ({
  origination_caller_id_number: sent,
  sip_cid_type: SOFIA_TYPES[header],
})

/** mod_sofia's names (sofia_glue.c, sofia_cid_name2type). */
const SOFIA_TYPES = { pai: 'pid', rpid: 'rpid', none: 'none' } as const

/**
 * From says nobody; `origination_privacy` alone would leave the number there (measured). The number goes to a carrier
 * that is trusted with it, in the header that it wants, which sofia does not write when sip_cid_type is none.
 */
const hidden = ({ sent, withheld, header, trusted, host }: AttemptCallerId): LegVariables => ({
  origination_caller_id_number: sent ?? 'anonymous',
  sip_cid_type: 'none',
  sip_from_uri: ANONYMOUS,
  sip_from_display: 'Anonymous',
  ...(withheld ? { sip_h_Privacy: 'id' } : {}),
  ...(sent === undefined || !trusted || header === 'none'
    ? {}
    : header === 'pai'
      ? { 'sip_h_P-Asserted-Identity': `<sip:${sent}@${host}>` }
      : { 'sip_h_Remote-Party-ID': `<sip:${sent}@${host}>;party=calling;screen=yes;privacy=full` }),
})
