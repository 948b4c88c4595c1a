/** What Prometheus reads of records that do not come, and of what they stand on. */
import { Counter, type Registry } from 'prom-client'
import type { CallRecordsState } from './call-records.ts'

type AddGauge = (name: string, help: string, read: () => number) => void

export const addRecordMetrics = (registry: Registry, gauge: AddGauge, read: () => CallRecordsState): void => {
  gauge('strowger_legs_live', 'legs that live: their records are still to come', () => read().live)
  gauge('strowger_cdr_due', 'legs that ended and whose record has not come', () => read().due)
  gauge(
    'strowger_spool_disk_free_bytes',
    'what the disk that keeps call records has left; NaN: not known',
    () => read().machine.diskFreeBytes ?? Number.NaN,
  )
  gauge('strowger_spool_disk_writable', '0 while that disk takes nothing', () =>
    Number(read().machine.diskFault === undefined),
  )
  const counter = (name: string, help: string, count: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(count())
      },
    })
  }
  counter(
    'strowger_cdr_corrected_total',
    "estimated records whose place the switch's own took",
    () => read().corrected,
  )
  counter(
    'strowger_clock_jumps_total',
    'jumps of the clock of more than two seconds',
    () => read().machine.clockJumps,
  )
  new Counter({
    name: 'strowger_cdr_estimated_total',
    help: 'records that the switch did not send, by what they were written from',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [kind, count] of Object.entries(read().estimated)) this.inc({ kind }, count)
    },
  })
}
