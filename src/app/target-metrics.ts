/** What Prometheus reads of targets, by kind. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { TargetCount } from '../store/targets.ts'

/** The result counts an attempt. */
export const addTargetMetrics = (
  registry: Registry,
  read: () => readonly TargetCount[],
): ((kind: string, outcome: string) => void) => {
  const gauge = (name: string, help: string, of: (count: TargetCount) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['kind'],
      registers: [registry],
      collect() {
        this.reset()
        for (const count of read()) this.set({ kind: count.kind }, of(count))
      },
    })
  }
  gauge(
    'strowger_target_deliveries_waiting',
    'deliveries that wait, of all engines',
    ({ waiting }) => waiting,
  )
  gauge(
    'strowger_target_dead_letters',
    'deliveries that were refused or given up',
    ({ deadLetters }) => deadLetters,
  )
  gauge(
    'strowger_target_breakers_open',
    'targets that failed so often that they are left alone',
    ({ open }) => open,
  )
  const attempts = new Counter({
    name: 'strowger_target_attempts_total',
    help: 'attempts to deliver a call to a target: delivered, waiting (tried again) or failed (dead letter)',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  return (kind, outcome) => attempts.inc({ kind, outcome })
}
