/**
 * What the HTTP floor needs of the rest of the engine, as shapes. `app` gives them; of the floors that act only
 * types are imported here. Outcomes are values; a door that throws an EngineError is answered by the table in
 * status.ts, anything else that it throws is a 500 without a word of what it was.
 */
import type { LiveCall, LiveEvent } from '../call/live-call.ts'
import type { DialOutcome, DialRequest } from '../engine/click-to-dial.ts'
import type { ExplainOutcome, ExplainRequest } from '../engine/explain.ts'
import type { CallCost, Cdr } from '../cdr/cdr.ts'
import type { Form } from '../xml-curl/form.ts'
import type { ExternalObject } from '../store/target-deliveries.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { CdrErasureDoors, CdrExportDoors, CdrFilter } from './cdr-doors.ts'
import type { ControlDoors } from './control-doors.ts'
import type { AccessDoors } from './access-doors.ts'
import type { Once } from './once.ts'
import type { CdrQuarantineDoors } from './cdr-quarantine-doors.ts'
import type { CallerIdDoors } from './caller-id-doors.ts'
import type { BalanceDoors } from './balance-doors.ts'
import type { FraudDoors } from './fraud-doors.ts'
import type { QuotaDoors } from './quota-doors.ts'
import type { RatingDoors } from './rating-doors.ts'
import type { ReportDoors } from './report-doors.ts'
import type { RecordDoors } from './record-doors.ts'
import type { CallRecordingDoors } from './recording-policy-doors.ts'
import type { RecordingDoors } from './recordings-doors.ts'
import type { RoutingDoors } from './routing-doors.ts'
import type { TargetDoors } from './target-doors.ts'
import type { WebhookDoors } from './webhook-doors.ts'

export type Doors = {
  readonly version: string
  readonly health: () => Health
  readonly ready: () => Readiness
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  /** mod_xml_curl: always a document, never a throw. */
  readonly answerXml: (form: Form) => string | Promise<string>
  /**
   * One CDR as FreeSWITCH posts it. Resolves when it is durable; rejects CDR_UNREADABLE where it is none, and
   * SPOOL_* where it could not be kept.
   */
  readonly acceptCdr: (body: Buffer) => Promise<void>
  readonly once: Once
  /** SIP headers that a request may add, beyond those that begin with X-. */
  readonly customHeaders: readonly string[]
  readonly originate: (request: OriginateRequest) => Promise<OriginateOutcome>
  readonly calls: (filter: { readonly organizationId: number | undefined }) => readonly LiveCall[]
  readonly call: (callId: CallUuid) => LiveCall | undefined
  readonly hangUp: (callId: CallUuid) => Promise<'hung-up' | 'not-found'>
  /**
   * Subscribes: first what is kept after the event `after` (before this returns), then what happens; with `after`
   * undefined only what happens. The result ends it.
   */
  readonly live: (after: number | undefined, onEvent: (event: LiveEvent) => void) => () => void
  /** Every event after `keptAfter` is still told by `live`, up to `last`. */
  readonly livePosition: () => { readonly keptAfter: number; readonly last: number }
  readonly explain: (request: ExplainRequest) => Promise<ExplainOutcome>
  readonly cdrs: (filter: CdrFilter) => Promise<CdrPage>
  readonly cdrExports: CdrExportDoors
  readonly cdrErasures: CdrErasureDoors
  readonly cdrQuarantine: CdrQuarantineDoors
  readonly bans: () => Promise<readonly Ban[]>
  readonly liftBan: (address: string) => Promise<'lifted' | 'not-found'>
  readonly quotas: QuotaDoors
  readonly rating: RatingDoors
  readonly fraud: FraudDoors
  readonly balances: BalanceDoors
  readonly reports: ReportDoors
  readonly callerId: CallerIdDoors
  readonly records: RecordDoors
  readonly recordings: RecordingDoors
  readonly callRecording: CallRecordingDoors
  readonly control: ControlDoors
  readonly routing: RoutingDoors
  readonly webhooks: WebhookDoors
  readonly targets: TargetDoors
  readonly access: AccessDoors
}

export type Health = {
  readonly status: 'ok'
  readonly version: string
  readonly features: readonly string[]
  readonly uptimeSeconds: number
  readonly trial: boolean
  readonly simulated: boolean
}

export type Readiness = {
  readonly ready: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]
}

export type OriginateRequest = DialRequest
export type OriginateOutcome = DialOutcome

/** Newest first. */
export type CdrPage = { readonly cdrs: readonly ListedCdr[]; readonly next: string | undefined }

/** A record, and on an A leg what the whole call cost. */
export type ListedCdr = Cdr & {
  readonly callCost: CallCost | undefined
  /** Likewise its sale without tax, the tax, and what it earns. */
  readonly callSale?: CallCost | undefined
  readonly callTax?: CallCost | undefined
  readonly callMargin?: CallCost | undefined
  /** When the switch's own record took the place of an estimate. */
  readonly correctedAt?: number | undefined
  /** Ids of the call's recordings that are in the store. */
  readonly recordings?: readonly string[] | undefined
  /** What the call made at targets. */
  readonly external?: readonly ExternalObject[] | undefined
}

export type Ban = {
  readonly address: string
  readonly reason: string
  readonly failures: number
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly until: number
}
