/** What Prometheus reads. Gauges ask when they are read; nothing is kept up to date for nobody. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { GatewayHealth } from '../engine/carrier-health.ts'
import type { IntakeState } from '../media/intake.ts'
import { addHealthMetrics } from './health-metrics.ts'
import type { CallRecordsState } from './call-records.ts'
import { addRecordMetrics } from './record-metrics.ts'
import { addRecordingMetrics } from './recording-metrics.ts'
import type { OutboxState } from './outbox.ts'
import { addOutboxMetrics } from './outbox-metrics.ts'
import type { TargetCount } from '../store/targets.ts'
import { addTargetMetrics } from './target-metrics.ts'
import type { PrepaidFigures } from './prepaid.ts'
import { addFraudMetrics } from './fraud-metrics.ts'
import type { FraudState } from './fraud.ts'
import { addPrepaidMetrics } from './prepaid-metrics.ts'

export type Readings = {
  readonly liveCalls: () => number
  readonly switchUp: () => boolean
  readonly databaseUp: () => boolean
  readonly spoolPending: () => number
  readonly spoolQuarantined: () => number
  readonly gatewaysDown: () => number
  readonly gatewayHealth: () => readonly GatewayHealth[]
  readonly decisionsLost: () => number
  readonly fraud: () => FraudState
  readonly recordings: () => IntakeState
  readonly outbox: () => OutboxState
  readonly targets: () => readonly TargetCount[]
  readonly prepaid: () => PrepaidFigures
  readonly records: () => CallRecordsState
}

export type Metrics = {
  readonly text: () => Promise<string>
  readonly xmlAnswered: (section: string) => void
  readonly cdrStored: (disposition: string) => void
  readonly eventDelivered: (outcome: string) => void
  readonly targetDelivered: (kind: string, outcome: string) => void
  readonly emergencyCall: () => void
}

/** A simulated switch is told by a gauge of its own: its figures are nobody's traffic. */
export const createMetrics = (readings: Readings, isSimulating: () => boolean): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'strowger_' })
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  gauge('strowger_calls_live', 'calls that are not ended', readings.liveCalls)
  gauge('strowger_switch_up', '1 when the event socket is connected and the picture is whole', () =>
    Number(readings.switchUp()),
  )
  gauge('strowger_database_up', '1 when PostgreSQL answers', () => Number(readings.databaseUp()))
  gauge('strowger_switch_simulated', '1 when the switch is the simulator: no figure is of real traffic', () =>
    Number(isSimulating()),
  )
  gauge('strowger_spool_pending_records', 'call records that wait for PostgreSQL', readings.spoolPending)
  gauge(
    'strowger_spool_quarantined_records',
    'call records that stand in quarantine',
    readings.spoolQuarantined,
  )
  gauge('strowger_gateways_down', 'gateways that do not answer their pings', readings.gatewaysDown)
  gauge(
    'strowger_decisions_lost',
    'decisions that could not be kept, since the start',
    readings.decisionsLost,
  )
  const eventDelivered = addOutboxMetrics(registry, gauge, readings.outbox)
  const targetDelivered = addTargetMetrics(registry, readings.targets)
  addPrepaidMetrics(gauge, readings.prepaid)
  addFraudMetrics(registry, gauge, readings.fraud)
  addHealthMetrics(registry, readings.gatewayHealth)
  addRecordingMetrics(registry, readings.recordings)
  addRecordMetrics(registry, gauge, readings.records)
  const xml = new Counter({
    name: 'strowger_xml_answers_total',
    help: 'answers to mod_xml_curl',
    labelNames: ['section'],
    registers: [registry],
  })
  const cdrs = new Counter({
    name: 'strowger_cdrs_stored_total',
    help: 'call records stored',
    labelNames: ['disposition'],
    registers: [registry],
  })
  const emergencies = new Counter({
    name: 'strowger_emergency_calls_total',
    help: 'calls to emergency numbers that were planned',
    registers: [registry],
  })
  const SECTIONS = new Set(['dialplan', 'directory', 'configuration', 'languages'])
  return {
    text: () => registry.metrics(),
    // The section is the asker's word: only ours become labels.
    xmlAnswered: (section) => xml.inc({ section: SECTIONS.has(section) ? section : 'other' }),
    cdrStored: (disposition) => cdrs.inc({ disposition }),
    eventDelivered,
    targetDelivered,
    emergencyCall: () => emergencies.inc(),
  }
}
