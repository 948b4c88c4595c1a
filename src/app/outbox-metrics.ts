/** What Prometheus reads of the events that leave the engine. */
import { Counter, type Registry } from 'prom-client'
import type { OutboxState } from './outbox.ts'

type AddGauge = (name: string, help: string, read: () => number) => void

/** The result counts an attempt. */
export const addOutboxMetrics = (
  registry: Registry,
  gauge: AddGauge,
  read: () => OutboxState,
): ((outcome: string) => void) => {
  gauge('strowger_webhook_events_pending', 'outgoing events that wait for PostgreSQL', () => read().pending)
  gauge(
    'strowger_webhook_events_lost',
    'outgoing events that could not be kept, since the start',
    () => read().lost,
  )
  gauge('strowger_webhook_deliveries_waiting', 'deliveries that wait, of all engines', () => read().waiting)
  gauge(
    'strowger_webhook_oldest_delivery_seconds',
    'how long the oldest delivery waits',
    () => read().oldestAgeSeconds,
  )
  gauge('strowger_webhook_endpoints_paused', 'receivers that are left alone', () => read().paused)
  const attempts = new Counter({
    name: 'strowger_webhook_attempts_total',
    help: 'attempts to deliver an event',
    labelNames: ['outcome'],
    registers: [registry],
  })
  return (outcome) => attempts.inc({ outcome })
}
