/**
 * The record that the switch did not send, from what its events said of the leg. It owns the document that stands in
 * the post's place: the shape of mod_json_cdr's, so that one reader builds both, and marked, so that the switch's own
 * record may still take its place. Pure.
 *
 * A leg's picture is what its newest event told: CHANNEL_HANGUP_COMPLETE has everything that the post would have had;
 * earlier ones have no end. To keep another variable of legs that live, add it to KEPT.
 */
import type { HangupCause } from '../telephony/hangup-cause.ts'

/** From what an estimate was made. */
export type EstimateKind = 'from-event' | 'switch-lost'

/** The part of an event that is read here: an EslEvent has it, and so has a `uuid_dump`. */
export type LegHeaders = {
  readonly get: (header: string) => string | undefined
  readonly headers: (isWanted?: (name: string) => boolean) => ReadonlyMap<string, string>
}

/** One channel as an event told of it; microseconds since the epoch, by the switch's clock, as the event wrote them. */
export type LegPicture = {
  readonly direction: string
  readonly profile: Readonly<Record<string, string>>
  readonly times: Readonly<Record<string, string>>
  readonly variables: Readonly<Record<string, string>>
}

/** Of a document: what it was made from. mod_json_cdr knows no field of this name. */
const MARK = 'strowger_estimate'

/** switch_caller_profile_event_set_data writes them under other names than switch_ivr_generate_json_cdr. */
const PROFILE_HEADERS: readonly (readonly [header: string, field: string])[] = [
  ['Caller-Unique-ID', 'uuid'],
  ['Caller-Caller-ID-Name', 'caller_id_name'],
  ['Caller-Caller-ID-Number', 'caller_id_number'],
  ['Caller-Destination-Number', 'destination_number'],
  ['Caller-Network-Addr', 'network_addr'],
  ['Caller-ANI', 'ani'],
  ['Caller-Context', 'context'],
]
const TIME_HEADERS: readonly (readonly [header: string, field: string])[] = [
  ['Caller-Channel-Created-Time', 'created_time'],
  ['Caller-Channel-Progress-Time', 'progress_time'],
  ['Caller-Channel-Progress-Media-Time', 'progress_media_time'],
  ['Caller-Channel-Answered-Time', 'answered_time'],
  ['Caller-Channel-Bridged-Time', 'bridged_time'],
  ['Caller-Channel-Hangup-Time', 'hangup_time'],
]

/** What a record of a leg that lives may need, besides the variables of ours: they begin with OURS. */
const OURS = 'strowger_'
const KEPT: ReadonlySet<string> = new Set([
  'uuid',
  'direction',
  'originator',
  'originating_leg_uuid',
  'originated_legs',
  'originate_causes',
  'originate_disposition',
  'bridge_uuid',
  'last_bridge_to',
  'last_bridge_hangup_cause',
  'sip_gateway',
  'sip_gateway_name',
  'sip_call_id',
  'sip_invite_failure_status',
  'process_cdr',
  'skip_cdr_causes',
])

const VARIABLE = 'variable_'

/** Headers that are no variables. */
const PLAIN: ReadonlySet<string> = new Set([
  'Call-Direction',
  'Bridge-B-Unique-ID',
  ...[...PROFILE_HEADERS, ...TIME_HEADERS].map(([header]) => header),
])

/** `all`: every variable; `kept`: what a record of it may need, about 2 kB with a plan on it. */
export const pictureOf = (event: LegHeaders, which: 'all' | 'kept'): LegPicture => {
  const headers = event.headers(which === 'all' ? undefined : isKept)
  const variables: Record<string, string> = {}
  for (const [header, value] of headers)
    if (header.startsWith(VARIABLE) && value !== '') variables[header.slice(VARIABLE.length)] = value
  // CHANNEL_BRIDGE comes before the variable is set (switch_ivr_bridge.c).
  const bridged = headers.get('Bridge-B-Unique-ID')
  if (bridged !== undefined && bridged !== '') variables['bridge_uuid'] ??= bridged
  return {
    direction: headers.get('Call-Direction') ?? '',
    profile: fieldsOf(headers, PROFILE_HEADERS),
    times: fieldsOf(headers, TIME_HEADERS),
    variables,
  }
}

/** An event has 200 headers, and of a leg that lives a tenth is needed. */
const isKept = (header: string): boolean => {
  if (!header.startsWith(VARIABLE)) return PLAIN.has(header)
  return header.startsWith(OURS, VARIABLE.length) || KEPT.has(header.slice(VARIABLE.length))
}

const fieldsOf = (
  headers: ReadonlyMap<string, string>,
  names: readonly (readonly [string, string])[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.flatMap(([header, field]) => {
      const value = headers.get(header)
      return value === undefined || value === '' ? [] : [[field, value]]
    }),
  )

/** Whether mod_json_cdr posts a leg that ended so (switch_core_state_machine.c, switch_core_session_reporting_state). */
export const isPosted = ({ variables, direction }: LegPicture): boolean => {
  const { process_cdr: asked, skip_cdr_causes: skipped, hangup_cause: cause } = variables
  if (skipped !== undefined && cause !== undefined && skipped.split('|').includes(cause)) return false
  if (asked === undefined || asked === '') return true
  const word = asked.toLowerCase()
  const isB = direction === 'outbound' && variables['originating_leg_uuid'] !== undefined
  if (word === 'a_only') return !isB
  // Only an A leg that reached somebody has an originatee.
  if (word === 'b_only') return isB || variables['originated_legs'] === undefined
  return TRUE_WORDS.has(word) || (/^\d+$/.test(word) && Number(word) !== 0)
}

/** switch_true (switch_utils.h). */
const TRUE_WORDS: ReadonlySet<string> = new Set(['yes', 'on', 'true', 't', 'enabled', 'active', 'allow'])

/** The document of a leg whose end was told: nothing is added. */
export const documentOfEnd = (picture: LegPicture): unknown => documentOf('from-event', picture)

/**
 * The document of a leg whose end nobody saw, at `endedAt` (microseconds, the switch's clock), which is never before
 * the last thing that is known of it.
 */
export const documentOfLost = (picture: LegPicture, endedAt: number, cause: HangupCause): unknown => {
  const known = Object.values(picture.times).map(Number).filter(Number.isSafeInteger)
  const end = String(Math.trunc(Math.max(endedAt, ...known)))
  return documentOf('switch-lost', {
    ...picture,
    times: { ...picture.times, hangup_time: end },
    variables: { ...picture.variables, end_uepoch: end, hangup_cause: cause },
  })
}

const documentOf = (kind: EstimateKind, { direction, profile, times, variables }: LegPicture): unknown => ({
  [MARK]: kind,
  channel_data: { direction },
  variables,
  callflow: [{ caller_profile: profile, times }],
})

/** Undefined: it is the switch's own record. */
export const estimateKindOf = (document: unknown): EstimateKind | undefined => {
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, MARK)) return undefined
  const kind = (document as Readonly<Record<string, unknown>>)[MARK]
  return kind === 'from-event' || kind === 'switch-lost' ? kind : undefined
}
