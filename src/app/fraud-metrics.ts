/** What Prometheus reads of toll fraud. */
import { Counter, type Registry } from 'prom-client'
import type { FraudState } from './fraud.ts'

type AddGauge = (name: string, help: string, read: () => number) => void

const OUTCOMES = ['alert', 'block', 'require-pin', 'blocked', 'wrong-pin'] as const

/** A burst of alerts is what a monitor pages somebody for. */
export const addFraudMetrics = (registry: Registry, gauge: AddGauge, read: () => FraudState): void => {
  gauge('strowger_fraud_writes_waiting', 'alerts and blocks that wait for PostgreSQL', () => read().waiting)
  new Counter({
    name: 'strowger_fraud_findings_total',
    help: 'calls that looked like fraud, by what was done; blocked: refused by a block that stood',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset()
      const { findings } = read()
      for (const outcome of OUTCOMES) this.inc({ outcome }, findings.get(outcome) ?? 0)
    },
  })
}
