/** Constructs everything and joins it; nothing else does. Read from the top: the order is the order of a start. */
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { systemClock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import { createLifecycle, type Lifecycle } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import { createBoard } from '../engine/board.ts'
import { createLateCommands } from '../engine/commands.ts'
import { createConversations } from '../engine/conversations.ts'
import { createRegistrationGuard } from '../engine/registration-guard.ts'
import { createSwitchConfiguration } from '../engine/switch-configuration.ts'
import { createSwitchLink, CUSTOM_EVENTS, EVENTS } from '../engine/switch-link.ts'
import { createInboundClient } from '../esl/inbound-client.ts'
import { createOutboundServer } from '../esl/outbound-server.ts'
import { readAdminToken } from '../http/admin-token.ts'
import { createDecideRedirect } from '../sip/decide-redirect.ts'
import { createSipEdge, type SipEdge } from '../sip/edge.ts'
import { readCallCost } from '../store/call-sums.ts'
import { openDatabase } from '../store/database.ts'
import { findDecision } from '../store/decision-reads.ts'
import { insertDecisions } from '../store/decision-writes.ts'
import { loadOrCreateMasterKey } from '../store/secret.ts'
import { createAccess } from './access.ts'
import { createAnswering } from './answering.ts'
import { openBanLedger } from './ban-ledger.ts'
import { openCallRecords } from './call-records.ts'
import { createCdrCompanions } from './cdr-companions.ts'
import { createDatabaseLink } from './database-link.ts'
import { createDeciding } from './deciding.ts'
import { createDecisionLog } from './decision-log.ts'
import { scheduleHousekeeping } from './housekeeping.ts'
import { createHttpDoor } from './http-door.ts'
import { createMetrics } from './metrics.ts'
import { openOutbox } from './outbox.ts'
import { keepSpendCounted } from './quotas.ts'
import { createCallRecording } from './recording.ts'
import { keepReports } from './reports.ts'
import { createRecordings } from './recordings.ts'
import { keepPingTimes } from './ping-times.ts'
import { createRatesLink } from './rates-link.ts'
import { readSigning } from './signing.ts'
import { sipEdgeSettings } from './sip-edge.ts'
import { createTargets } from './targets.ts'
import { createTrial, type TrialReport } from './trial.ts'
import { xmlCurlPassword } from './xml-curl-password.ts'

export type Engine = {
  /** Of the HTTP door. */
  readonly url: string
  readonly tokenFile: string
  /** What a trial made; undefined outside of one. */
  readonly trial: TrialReport | undefined
  readonly stop: () => Promise<void>
}

export type EngineOptions = {
  readonly config: Config
  readonly version: string
  /** The folder that has `sql/` and `freeswitch-conf/`. */
  readonly packageFolder: string
  readonly searchPath: string | undefined
  readonly logger: Logger
  /** Aborts when the engine is to end, which may be before it has started. */
  readonly stopping?: AbortSignal
  /** For so long the switch's record of a leg is waited for; default two minutes. */
  readonly recordWaitMs?: number
  /** The switch refuses the first password that it was shown: nothing works until a person acts. */
  readonly onWrongPassword: () => void
}

/** Resolves when calls can be taken: in a trial when the switch is there, otherwise as soon as the doors are open. */
export const startEngine = async (options: EngineOptions): Promise<Engine> => {
  const lifecycle = createLifecycle()
  const add: Lifecycle['add'] = async (part) => {
    options.stopping?.throwIfAborted()
    await lifecycle.add(part)
  }
  try {
    return await build(options, { ...lifecycle, add })
  } catch (fault) {
    await lifecycle.stop().catch((also: unknown) => {
      options.logger.error({ err: asError(also) }, 'what had started did not stop cleanly')
    })
    throw fault
  }
}

const build = async (options: EngineOptions, lifecycle: Lifecycle): Promise<Engine> => {
  const { config, logger } = options
  const clock = systemClock
  // Others may pass through but not look: as root, PostgreSQL's own user lives in a folder below.
  await mkdir(config.dataDir, { recursive: true, mode: 0o711 })
  const { token, path: tokenFile } = await readAdminToken(config.dataDir)
  const masterKey = config.masterKey ?? (await loadOrCreateMasterKey(join(config.dataDir, 'master-key')))
  // The first encrypts; all of them open, so that secrets can be brought from one to the next.
  const masterKeys = [masterKey, ...config.otherMasterKeys] as const
  const freeswitch = {
    username: config.xmlCurl.username,
    password: config.xmlCurl.password ?? (await xmlCurlPassword(config.dataDir)),
  }

  const signing = await readSigning(config.callerId, clock, logger)

  // The decisions and what they read.
  const board = createBoard({ clock, logger })
  const voice = { isThere: false }
  const deciding = await createDeciding({
    config,
    board,
    onDecided: (call, decision) => decisions.decided(call, decision),
    sign: signing.sign,
    hasVoice: () => voice.isThere,
    clock,
    logger,
  })
  const { quotas, fraud, states, turns, health, world, planSettings, lrn } = deciding
  const ledger = openBanLedger(config, clock, logger)
  await lifecycle.add({ name: 'ban ledger', start: () => undefined, stop: ledger.close })
  const guard = createRegistrationGuard(ledger, clock, logger, () => link.worldChanged())

  // The database: a trial brings its own.
  const trial = createTrial({
    ...{ config, logger, masterKey, freeswitch },
    searchPath: options.searchPath,
    configurationDirectory: join(options.packageFolder, 'freeswitch-conf'),
  })
  await lifecycle.add({ name: 'simulator and PostgreSQL', start: () => undefined, stop: trial.stop })
  const databaseUrl = config.databaseUrl ?? (await trial.startPostgres())
  const database = openDatabase({ url: databaseUrl, logger })
  await lifecycle.add({ name: 'database connections', start: () => undefined, stop: database.close })
  const decisions = createDecisionLog({
    keeps: config.routing.decisions,
    write: (batch) => insertDecisions(database, batch),
    read: (callId, boundTo) => findDecision(database, callId, boundTo),
    clock,
    logger,
  })
  await lifecycle.add({ name: 'decisions', start: decisions.start, stop: decisions.stop })
  const rates = createRatesLink({ databaseUrl, clock, logger, onRates: world.replaceRates })
  await lifecycle.add({ name: 'rates', start: rates.start, stop: rates.stop })
  const access = createAccess({ database, masterKeys, outside: config.outsideIssuer, clock, logger })
  await lifecycle.add({ name: 'access', start: access.start, stop: access.stop })
  const databaseLink = createDatabaseLink({
    database,
    url: databaseUrl,
    sqlFolder: join(options.packageFolder, 'sql'),
    masterKeys,
    clock,
    logger,
    onMigrated: async () => {
      await trial.seed(database)
      await access.prepare()
      await deciding.prepaid.refresh(database)
    },
    onSnapshot: (snapshot) => {
      const before = world.directory().gateways()
      world.replace(snapshot)
      health.forget(before.map(({ id }) => id).filter((id) => world.directory().gateway(id) === undefined))
      link.worldChanged()
      callRecording.worldChanged()
      fraud.worldChanged()
      void outbox.reload()
    },
    loadAccess: access.reload,
    loadRates: rates.reload,
  })

  const targets = createTargets({
    ...{ database, masterKeys, config: config.webhooks, clock, logger },
    onAttempt: (kind, became) => metrics.targetDelivered(kind, became),
  })
  await lifecycle.add(targets)
  const outbox = await openOutbox({
    dataDir: config.dataDir,
    database,
    databaseUrl,
    masterKeys,
    config: config.webhooks,
    board,
    costOf: (callId) => readCallCost(database, callId),
    onAttempt: ({ became }) => metrics.eventDelivered(became),
    deliverToTarget: targets.deliver,
    clock,
    logger,
  })
  await lifecycle.add({ name: 'outgoing events', start: () => undefined, stop: outbox.stop })

  // Call records.
  const commands = createLateCommands()
  const records = await openCallRecords({
    ...{ dataDir: config.dataDir, database, board, outbox, commands, lifecycle, clock, logger },
    leftBySwitch: config.freeswitch.cdrDirectory ?? trial.cdrFolder(),
    companions: createCdrCompanions(),
    isSwitchUp: () => link.state().up,
    isDatabaseUp: () => databaseLink.state().ok,
    waitMs: options.recordWaitMs,
    onStored: (cdrs) => {
      quotas.stored(cdrs)
      fraud.stored(cdrs)
      deciding.prepaid.recorded(cdrs)
      recordings.callsRecorded(cdrs)
      targets.stored()
      for (const { disposition } of cdrs) metrics.cdrStored(disposition)
    },
  })
  const { intake } = records

  // The switch.
  const callRecording = createCallRecording({
    config: config.recording,
    database,
    world,
    board,
    commands,
    voice,
    clock,
    logger,
  })
  await lifecycle.add({ name: 'recording', start: callRecording.start, stop: () => undefined })
  const answering = createAnswering({
    config: config.answering,
    commands,
    board,
    messagePath: callRecording.sounds.pathOf,
    clock,
    logger,
  })
  await lifecycle.add({ name: 'answering machines', start: answering.start, stop: answering.stop })
  const link = createSwitchLink({
    commands: () => commands,
    world,
    board,
    states,
    guard,
    configuration: createSwitchConfiguration(commands, logger, guard.addresses),
    recording: callRecording.control,
    legs: records.legs,
    redactDigits: callRecording.control.redactDigits,
    clock,
    logger,
    onWrongPassword: options.onWrongPassword,
  })
  const outbound = createOutboundServer({
    host: config.outboundSocket.host,
    port: config.outboundSocket.port,
    clock,
    logger,
    onCall: createConversations({ clock, logger, runAnswer: answering.run, askPin: fraud.askPin }),
  })
  let socketAddress = config.outboundSocket.address ?? ''
  await lifecycle.add({
    name: 'outbound socket',
    start: async () => {
      const { port } = await outbound.start()
      socketAddress = config.outboundSocket.address ?? `${config.outboundSocket.host}:${port}`
    },
    stop: outbound.stop,
  })

  const recordings = createRecordings({
    config,
    database,
    masterKeys,
    board,
    world,
    isSwitchUp: () => link.state().up,
    isDatabaseUp: () => databaseLink.state().ok,
    onStored: (stored) => {
      outbox.recordingStored(stored)
      targets.recordingStored(stored)
    },
    clock,
    logger,
  })

  // The doors.
  const sipEdge: { state: SipEdge['state'] | undefined } = { state: undefined }
  const metrics = createMetrics(
    {
      liveCalls: () => board.calls().filter(({ state }) => state !== 'ended').length,
      switchUp: () => link.state().up,
      databaseUp: () => databaseLink.state().ok,
      spoolPending: () => intake.state().pending,
      spoolQuarantined: () => intake.state().refused,
      gatewaysDown: () => states.down().length,
      gatewayHealth: () => health.list(clock.now()),
      decisionsLost: () => decisions.state().lost,
      recordings: () => recordings.intake.state(),
      outbox: outbox.state,
      targets: targets.counts,
      prepaid: deciding.prepaid.figures,
      fraud: fraud.state,
      records: records.state,
    },
    trial.isSimulating,
  )
  const http = await createHttpDoor({
    ...{ config, lifecycle, deciding, board, guard, link, intake, recordChecks: records.checks, decisions },
    ...{ rates, access, outbox, commands, metrics, recordings, callRecording, answering, signing, trial },
    ...{ database, databaseLink, databaseUrl, masterKey, targets },
    version: options.version,
    packageFolder: options.packageFolder,
    token,
    freeswitch,
    socketAddress: () => socketAddress,
    sipEdge: () => sipEdge.state?.(),
    clock,
    logger,
  })
  let url = ''
  await lifecycle.add({
    name: 'HTTP',
    start: async () => {
      url = (await http.start()).url
    },
    stop: http.stop,
  })

  // Doors are open: what the switch posts is kept from here on, whatever else is away.
  await lifecycle.add({
    name: 'database',
    start: async () => {
      const started = databaseLink.start().then(async () => {
        outbox.drain()
        await intake.drain()
      })
      started.catch((fault: unknown) =>
        logger.error({ err: asError(fault) }, 'call records cannot be taken in'),
      )
      // A trial is for a person who waits for it, or does not; an engine in service opens its doors first.
      if (!config.trial) return
      options.stopping?.addEventListener('abort', () => void databaseLink.stop(), { once: true })
      await started
    },
    stop: databaseLink.stop,
  })
  const { tell } = outbox
  await lifecycle.add(deciding.prepaid.run({ database, commands, isSwitchUp: () => link.state().up, tell }))
  await lifecycle.add(keepSpendCounted({ database, counters: quotas.counters, clock, logger }))
  await lifecycle.add(fraud.keep({ database, put: outbox.put }))
  await lifecycle.add(keepReports({ database, clock, logger }))
  await lifecycle.add(recordings)
  const cleaning = { cleanOutbox: outbox.clean, cleanTargets: targets.clean }
  await lifecycle.add(scheduleHousekeeping({ database, guard, ...cleaning, clock, logger }))
  const switchAt = await trial.findSwitch(url, database, world)
  const client = createInboundClient({
    ...switchAt,
    events: EVENTS,
    customEvents: CUSTOM_EVENTS,
    clock,
    logger,
    onEvent: link.onEvent,
    onUp: async (up) => {
      void answering.switchIsUp()
      await link.onUp(up)
      await callRecording.switchIsUp()
    },
    onDown: link.onDown,
    onAuthRefused: link.onAuthRefused,
  })
  commands.join(client)
  await lifecycle.add({ name: 'event socket', start: client.start, stop: client.stop })
  if (config.sip !== undefined) {
    const edge = createSipEdge({
      ...sipEdgeSettings(config.sip, { world, health, clock, logger }),
      decide: createDecideRedirect({
        surroundings: world.surroundings,
        settings: () => planSettings,
        lrn,
        takeTurns: turns.take,
        now: clock.now,
      }),
    })
    sipEdge.state = edge.state
    await lifecycle.add({ name: 'SIP edge', start: edge.start, stop: edge.stop })
  }
  await lifecycle.add(keepPingTimes(link, () => states.refresh(commands), clock, logger))
  return { url, tokenFile, trial: await trial.report(link), stop: lifecycle.stop }
}
