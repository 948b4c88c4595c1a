/** Reports from memory, for the tests of the HTTP floor and of the CLI. */
import type { ReportDoors } from '../../src/http/report-doors.ts'
import type { HourlyRow, ReportQuery, ReportRow } from '../../src/store/report-reads.ts'
import { NOON } from './samples.ts'

export const reportRow = (changes: Partial<ReportRow> = {}): ReportRow => ({
  start: undefined,
  key: { carrierId: 1, carrierName: 'Alpha' },
  counts: { attempts: 12, seizures: 10, answered: 6, effective: 8, talkSeconds: 600, measured: 5 },
  figures: {
    asr: 60,
    ner: 80,
    acdSeconds: 100,
    pddMs: 1_234,
    pddP95Ms: 2_500,
    mos: 4.2,
    jitterMs: 1.5,
    packetLossPercent: 0.12,
  },
  money: [{ currency: 'GBP', cost: '1.20', sale: '2.40', tax: '0.48', margin: '1.20' }],
  ...changes,
})

const HOUR: HourlyRow = {
  timeBucket: NOON,
  organizationId: 1,
  userId: undefined,
  inboundCalls: 1,
  outboundCalls: 2,
  internalCalls: 3,
  inboundTalkSeconds: 10,
  outboundTalkSeconds: 20,
  internalTalkSeconds: 30,
  inboundConnectedPrimary: 1,
  outboundConnectedPrimary: 2,
  totalCost: '0.05',
  currency: 'GBP',
}

export const fakeReports = (asked: ReportQuery[]): ReportDoors => ({
  read: (query) => {
    asked.push(query)
    const row = reportRow()
    const second = reportRow({ key: { carrierId: 2, carrierName: 'Beta' }, money: [] })
    return Promise.resolve(
      query.interval === undefined
        ? [row, second]
        : [0, 1, 3].map((day) => ({ ...row, start: NOON + day * 86_400_000 })),
    )
  },
  hours: () => Promise.resolve([HOUR]),
  timeZoneOf: (organizationId) => Promise.resolve(organizationId === 1 ? 'Europe/London' : undefined),
  due: () => Promise.resolve(3),
})
