/** The HTTP doors, each joined to what does the work. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { AnswerXml } from '../engine/answer-xml.ts'
import type { Board } from '../engine/board.ts'
import { dial } from '../engine/click-to-dial.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import { explain } from '../engine/explain.ts'
import { hangUp } from '../engine/hang-up.ts'
import type { GatewayStates } from '../engine/gateway-states.ts'
import type { Planner } from '../engine/planner.ts'
import type { RegistrationGuard } from '../engine/registration-guard.ts'
import type { SwitchLink } from '../engine/switch-link.ts'
import type { World } from '../engine/world.ts'
import type { AccessDoors } from '../http/access-doors.ts'
import type { CallerIdDoors } from '../http/caller-id-doors.ts'
import type { CdrErasureDoors, CdrExportDoors } from '../http/cdr-doors.ts'
import type { DeckDoors } from '../http/deck-doors.ts'
import type { Doors, Readiness } from '../http/doors.ts'
import type { CallRecordingDoors } from '../http/recording-policy-doors.ts'
import type { RoutingDoors } from '../http/routing-doors.ts'
import type { TargetDoors } from '../http/target-doors.ts'
import type { WebhookDoors } from '../http/webhook-doors.ts'
import type { LinkState } from '../sip/drachtio-link.ts'
import { listCdrs } from '../store/cdr-reads.ts'
import { withRecordings } from '../store/recording-reads.ts'
import { withExternalObjects } from '../store/target-deliveries.ts'
import type { Database } from '../store/database.ts'
import { createBalanceDoors } from './balances.ts'
import type { RatingDoors } from '../http/rating-doors.ts'
import { createCallControlDoors, type CallControlParts } from './call-control.ts'
import type { RecordsCheck } from './call-records.ts'
import type { CdrIntake } from './cdr-intake.ts'
import type { DatabaseLink } from './database-link.ts'
import { createOnce } from './once.ts'
import type { Prepaid } from './prepaid.ts'
import { createFraudDoors } from './fraud-doors.ts'
import { createQuotaDoors, type Quotas } from './quotas.ts'
import { createReportDoors } from './reports.ts'
import { createRecordDoors } from './record-doors.ts'
import { recordingsCheck, type Recordings } from './recordings.ts'

export type DoorParts = {
  readonly version: string
  readonly startedAt: number
  readonly trial: boolean
  readonly isSimulating: () => boolean
  readonly answerXml: AnswerXml
  readonly acceptCdr: CdrIntake['accept']
  readonly metrics: () => Promise<string>
  readonly world: World
  readonly board: Board
  readonly guard: RegistrationGuard
  readonly states: GatewayStates
  readonly link: SwitchLink
  readonly intake: CdrIntake
  readonly recordChecks: () => readonly RecordsCheck[]
  readonly database: Database
  readonly databaseLink: DatabaseLink
  readonly rateDeckFiles: DeckDoors
  /** Undefined: there is no SIP edge. */
  readonly sipEdge: () => LinkState | undefined
  readonly masterKey: Buffer
  readonly cdrExports: CdrExportDoors
  readonly cdrErasures: CdrErasureDoors
  readonly commands: SwitchCommands
  readonly planner: Planner
  readonly quotas: Quotas
  readonly rating: RatingDoors
  readonly prepaid: Prepaid
  readonly callerId: CallerIdDoors
  readonly customHeaders: readonly string[]
  readonly routing: RoutingDoors
  readonly webhooks: WebhookDoors
  readonly targets: TargetDoors
  readonly recordings: Pick<Recordings, 'doors' | 'intake'>
  readonly callRecording: CallRecordingDoors
  /** The path of an uploaded sound, as the switch names it. */
  readonly soundOf: CallControlParts['soundOf']
  readonly access: AccessDoors
  readonly banMs: number
  readonly clock: Clock
  readonly logger: Logger
}

const FEATURES = ['event-socket', 'xml-curl', 'lcr', 'failover', 'cdr', 'originate', 'live'] as const

export const createDoors = (parts: DoorParts): Doors => {
  const { board, guard, world, commands, clock } = parts
  return {
    version: parts.version,
    health: () => ({
      status: 'ok',
      version: parts.version,
      features: FEATURES,
      uptimeSeconds: Math.round((clock.now() - parts.startedAt) / 1000),
      trial: parts.trial,
      simulated: parts.isSimulating(),
    }),
    ready: () => readinessOf(parts),
    metrics: parts.metrics,
    answerXml: parts.answerXml,
    acceptCdr: parts.acceptCdr,
    cdrQuarantine: parts.intake.quarantine,
    once: createOnce({
      database: parts.database,
      isLive: (callId) => board.call(callId) !== undefined,
      clock,
      logger: parts.logger,
    }),
    customHeaders: parts.customHeaders,
    callerId: parts.callerId,
    balances: createBalanceDoors(parts.database, parts.prepaid, parts.logger),
    rating: parts.rating,
    quotas: createQuotaDoors(parts.database, parts.quotas.counters, clock.now),
    fraud: createFraudDoors(parts.database),
    reports: createReportDoors(parts),
    originate: (request) =>
      dial(request, {
        world,
        board,
        isSwitchUp: () => parts.link.state().up,
        commands,
        planner: parts.planner,
        quotas: parts.quotas.counters,
        now: clock.now,
        logger: parts.logger,
      }),
    calls: ({ organizationId }) =>
      board
        .calls()
        .filter(
          (call) =>
            call.state !== 'ended' &&
            (organizationId === undefined || call.organizationId === organizationId),
        ),
    call: board.call,
    hangUp: (callId) => hangUp(callId, { board, commands, clock }),
    live: board.watch,
    livePosition: board.position,
    explain: (request) => explain(request, world, parts.planner, clock.now()),
    cdrs: async ({ legs, ...filter }) => {
      const page = await listCdrs(parts.database, { ...filter, includeLegs: legs })
      const listed = await withRecordings(parts.database, page.cdrs)
      return { cdrs: await withExternalObjects(parts.database, listed), next: page.nextCursor }
    },
    cdrExports: parts.cdrExports,
    cdrErasures: parts.cdrErasures,
    bans: async () =>
      (await guard.list()).map((ban) => ({
        ...ban,
        reason: 'failed registrations',
        since: ban.until - parts.banMs,
      })),
    liftBan: async (address) => ((await guard.lift(address)) ? 'lifted' : 'not-found'),
    records: createRecordDoors(parts),
    recordings: parts.recordings.doors,
    ...createCallControlDoors(parts),
    routing: parts.routing,
    webhooks: parts.webhooks,
    targets: parts.targets,
    access: parts.access,
  }
}

/** What is told, but does not make us unready: calls go on without it. */
const WAITS: ReadonlySet<string> = new Set(['database', 'SIP edge', 'recordings', 'disk', 'clock'])

const readinessOf = (parts: DoorParts): Readiness => {
  const { link, databaseLink, world, states } = parts
  const sip = parts.sipEdge()
  const down = states.down()
  const checks = [
    { name: 'switch', ok: link.state().up, detail: link.state().detail },
    { name: 'database', ok: databaseLink.state().ok, detail: databaseLink.state().detail },
    {
      name: 'routing',
      ok: world.isKnown(),
      detail: world.isKnown()
        ? `${world.rateCount()} rates; ${down.length} gateways down`
        : 'no snapshot of the database yet',
    },
    ...parts.recordChecks(),
    recordingsCheck(parts.recordings.intake.state()),
    ...(sip === undefined ? [] : [{ name: 'SIP edge', ok: sip === 'up', detail: `drachtio: ${sip}` }]),
  ]
  // Calls go on from the last snapshot without the database, and without the SIP edge: both are told, but neither
  // makes us unready.
  return {
    ready: checks.every(({ name, ok }) => ok || WAITS.has(name)),
    checks,
  }
}
