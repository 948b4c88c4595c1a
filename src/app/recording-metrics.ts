/** What Prometheus reads of recordings on their way into the store. */
import { Gauge, type Registry } from 'prom-client'
import type { IntakeState } from '../media/intake.ts'

export const addRecordingMetrics = (registry: Registry, read: () => IntakeState): void => {
  const gauge = (name: string, help: string, of: (state: IntakeState) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(of(read()))
      },
    })
  }
  gauge(
    'strowger_recordings_pending',
    'finished recordings that are not in the store yet',
    ({ pending }) => pending,
  )
  gauge(
    'strowger_recordings_oldest_seconds',
    'age of the oldest of them',
    ({ oldestAgeMs }) => oldestAgeMs / 1_000,
  )
  gauge(
    'strowger_recordings_quarantined',
    'recordings that could not be used, since the start',
    ({ quarantined }) => quarantined,
  )
  gauge('strowger_recordings_store_up', '0 while the store takes nothing', ({ trouble }) =>
    Number(trouble === undefined),
  )
}
