/** The HTTP door with all that stands behind it: what FreeSWITCH fetches and posts, the API, the pages. */
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Lifecycle } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import { createAnswerXml } from '../engine/answer-xml.ts'
import type { Board } from '../engine/board.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import type { RegistrationGuard } from '../engine/registration-guard.ts'
import type { SwitchLink } from '../engine/switch-link.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../http/server.ts'
import type { LinkState } from '../sip/drachtio-link.ts'
import type { Database } from '../store/database.ts'
import type { Access } from './access.ts'
import type { Answering } from './answering.ts'
import { createCallerIdDoors } from './caller-id.ts'
import { createCdrErasures } from './cdr-erasures.ts'
import { createCdrExports } from './cdr-exports.ts'
import type { CallRecords } from './call-records.ts'
import type { CdrIntake } from './cdr-intake.ts'
import type { DatabaseLink } from './database-link.ts'
import type { Deciding } from './deciding.ts'
import type { DecisionLog } from './decision-log.ts'
import { createDoors } from './doors.ts'
import { indexWithDraft } from './draft-rates.ts'
import type { Metrics } from './metrics.ts'
import type { Outbox } from './outbox.ts'
import { createDeckDoors } from './rate-decks.ts'
import type { RatesLink } from './rates-link.ts'
import type { CallRecording } from './recording.ts'
import type { Recordings } from './recordings.ts'
import { createRating } from './rating.ts'
import { createReplays } from './replays.ts'
import { createRoutingDoors } from './routing-doors.ts'
import type { Signing } from './signing.ts'
import type { Targets } from './targets.ts'
import type { Trial } from './trial.ts'
import { createWebhookDoors } from './webhook-doors.ts'

export type HttpDoorParts = Pick<HttpServerOptions, 'token' | 'freeswitch'> & {
  readonly config: Config
  readonly version: string
  readonly packageFolder: string
  readonly lifecycle: Pick<Lifecycle, 'add'>
  readonly deciding: Deciding
  readonly board: Board
  readonly guard: RegistrationGuard
  readonly link: SwitchLink
  readonly intake: CdrIntake
  readonly recordChecks: CallRecords['checks']
  readonly decisions: DecisionLog
  readonly rates: RatesLink
  readonly access: Access
  readonly outbox: Outbox
  readonly targets: Pick<Targets, 'doors'>
  readonly commands: SwitchCommands
  readonly metrics: Metrics
  readonly recordings: Recordings
  readonly callRecording: CallRecording
  readonly answering: Answering
  readonly signing: Signing
  readonly trial: Trial
  readonly database: Database
  readonly databaseLink: DatabaseLink
  readonly databaseUrl: string
  readonly masterKey: Buffer
  /** `host:port` of our outbound socket, as the dialplan names it. */
  readonly socketAddress: () => string
  readonly sipEdge: () => LinkState | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export const createHttpDoor = async (parts: HttpDoorParts): Promise<HttpServer> => {
  const { config, lifecycle, deciding, board, guard, link, intake, decisions, rates, access, outbox } = parts
  const { commands, metrics, recordings, callRecording, answering, signing, trial } = parts
  const { database, databaseLink, databaseUrl, masterKey, token, freeswitch, clock, logger } = parts
  const { world, states, health, healthFeed, turns, planSettings, lrn, planner, quotas } = deciding
  const replays = createReplays({
    world,
    database,
    indexWithDraft: (deckId, signal) => indexWithDraft(databaseUrl, deckId, signal),
    npaStates: planSettings.npaStates,
    clock,
    logger,
  })
  await lifecycle.add({ name: 'replays', start: () => undefined, stop: replays.stop })
  const cdrExports = createCdrExports({ databaseUrl, clock, logger })
  await lifecycle.add({ name: 'exports', start: () => undefined, stop: cdrExports.stop })
  const rating = await createRating({
    ...{ database, databaseUrl, lifecycle, clock, logger },
    exchangeMostDays: config.routing.exchangeMostDays,
  })
  const routing = createRoutingDoors({
    world,
    health,
    states,
    decisions,
    replays,
    lcr: {
      world,
      settings: () => planSettings,
      lrn,
      takeTurns: turns.take,
      onCall: healthFeed.planned,
      onDecided: decisions.decided,
      elapsed: () => clock.monotonic() * 1_000,
    },
    clock,
  })
  const answerXml = createAnswerXml({
    world,
    board,
    guard,
    clock,
    logger,
    planner,
    planSettings: () => planSettings,
    dialplan: () => ({ socketAddress: parts.socketAddress(), confirmPrompt: answering.prompt() }),
    findRoutes: routing.findRoutes,
    verifyIdentity: signing.verify,
    onEmergency: () => metrics.emergencyCall(),
  })
  return createHttpServer({
    doors: createDoors({
      version: parts.version,
      startedAt: clock.now(),
      trial: config.trial,
      isSimulating: trial.isSimulating,
      answerXml: (form) => {
        metrics.xmlAnswered(form.get('section') ?? '')
        return answerXml(form)
      },
      acceptCdr: intake.accept,
      metrics: metrics.text,
      world,
      board,
      guard,
      states,
      link,
      intake,
      recordChecks: parts.recordChecks,
      database,
      databaseLink,
      sipEdge: parts.sipEdge,
      rateDeckFiles: createDeckDoors({ database, rates, clock, logger }),
      masterKey,
      cdrExports,
      cdrErasures: createCdrErasures({
        database,
        masterKeys: [masterKey, ...config.otherMasterKeys],
        clock,
        logger,
      }),
      access: access.doors,
      webhooks: createWebhookDoors({ database, outbox, clock }),
      targets: parts.targets.doors,
      commands,
      planner,
      quotas,
      rating,
      prepaid: deciding.prepaid,
      callerId: createCallerIdDoors({
        ...{ world, board, commands, database, masterKey, clock, logger },
        config: config.callerId,
        settings: () => planSettings,
        isSwitchUp: () => link.state().up,
      }),
      customHeaders: config.calling.customHeaders,
      routing,
      recordings,
      callRecording: callRecording.doors,
      soundOf: callRecording.sounds.pathOf,
      banMs: config.banSeconds * 1_000,
      clock,
      logger,
    }),
    host: config.http.host,
    port: config.http.port,
    token,
    freeswitch,
    pages: { folder: join(parts.packageFolder, 'dist', 'pages'), ...config.pages },
    logger,
    clock,
  })
}
