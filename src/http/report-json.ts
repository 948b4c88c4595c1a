/** Reports as our API tells them: percent and seconds as numbers, money as decimals in strings. */
import { Type } from '@sinclair/typebox'
import type { HourlyRow, ReportRow } from '../store/report-reads.ts'
import { iso, isoOrNull, nullable, time } from './fields.ts'

const string = Type.String()
const count = Type.Integer()
const figure = (description: string) => nullable(Type.Number({ description }))

export const ReportRowJson = Type.Object({
  start: nullable(time('when the interval begins; null without one')),
  organizationId: Type.Optional(nullable(count)),
  direction: Type.Optional(string),
  userId: Type.Optional(nullable(count)),
  userName: Type.Optional(nullable(string)),
  carrierId: Type.Optional(count),
  carrierName: Type.Optional(string),
  gatewayId: Type.Optional(count),
  gatewayName: Type.Optional(string),
  country: Type.Optional(nullable(Type.String({ description: 'ISO 3166-1; null: of no country' }))),
  prefix: Type.Optional(nullable(Type.String({ description: 'of the rate; null: there was none' }))),
  calls: Type.Optional(count),
  busy: Type.Optional(count),
  noAnswer: Type.Optional(count),
  cancelled: Type.Optional(count),
  failed: Type.Optional(count),
  attempts: Type.Optional(Type.Integer({ description: 'tried, with or without a channel' })),
  seizures: Type.Optional(Type.Integer({ description: 'attempts that got a channel' })),
  answered: Type.Integer({
    description: 'calls in which somebody was reached, or attempts that were answered',
  }),
  effective: Type.Integer({
    description: 'ITU-T E.425: answered, busy, not answered, refused by the callee',
  }),
  talkSeconds: count,
  asr: figure('answer seizure ratio in percent: answered of the calls, or of the seizures'),
  ner: figure('network effectiveness ratio in percent'),
  acdSeconds: figure('average call duration: talk a call that was answered'),
  pddMs: figure('post-dial delay: from the INVITE to the first ringing, on average'),
  pddP95Ms: figure('the delay that 95 of 100 do not exceed, within a factor of 1.41'),
  mos: figure('mean opinion score of what was heard from the other side, 1 to 4.5'),
  jitterMs: figure('jitter in milliseconds'),
  packetLossPercent: figure('packets that were lost, in percent'),
  measured: Type.Integer({ description: 'of how many mos, jitter and loss are the mean' }),
  money: Type.Array(
    Type.Object({
      currency: string,
      cost: nullable(string),
      sale: nullable(string),
      tax: nullable(string),
      margin: Type.Optional(nullable(string)),
    }),
    { description: 'one a currency; null: beyond exact money' },
  ),
})

/** `forPlatform`: what is earned from an organisation is not for that organisation. */
export const reportRowJson = ({ start, key, counts, figures, money }: ReportRow, forPlatform: boolean) => ({
  start: isoOrNull(start),
  ...key,
  ...counts,
  asr: figures.asr ?? null,
  ner: figures.ner ?? null,
  acdSeconds: figures.acdSeconds ?? null,
  pddMs: figures.pddMs ?? null,
  pddP95Ms: figures.pddP95Ms ?? null,
  mos: figures.mos ?? null,
  jitterMs: figures.jitterMs ?? null,
  packetLossPercent: figures.packetLossPercent ?? null,
  money: money.map(({ currency, cost, sale, tax, margin }) => ({
    currency,
    cost: cost ?? null,
    sale: sale ?? null,
    tax: tax ?? null,
    ...(forPlatform ? { margin: margin ?? null } : {}),
  })),
})

export const HourJson = Type.Object({
  timeBucket: time('the hour, in UTC'),
  organizationId: nullable(count),
  userId: nullable(Type.Integer({ description: 'who called, and of an inbound call who was called' })),
  inboundCalls: count,
  outboundCalls: count,
  internalCalls: count,
  inboundTalkSeconds: count,
  outboundTalkSeconds: count,
  internalTalkSeconds: count,
  inboundConnectedPrimary: count,
  outboundConnectedPrimary: count,
  totalCost: nullable(string),
  currency: nullable(string),
})

export const hourJson = (row: HourlyRow) => ({
  ...row,
  timeBucket: iso(row.timeBucket),
  organizationId: row.organizationId ?? null,
  userId: row.userId ?? null,
  totalCost: row.totalCost ?? null,
  currency: row.currency ?? null,
})
