/** Records as our API tells them. What is secret is left out here, once. */
import { Type, type TSchema } from '@sinclair/typebox'
import type {
  BlockedPrefix,
  Carrier,
  DdiNumber,
  LcrProfile,
  LcrRoute,
  Organization,
  User,
} from '../directory/records.ts'
import { formatMoney, type Money } from '../telephony/money.ts'
import * as callerId from './caller-id-fields.ts'
import { iso, isoOrNull, nullable, time } from './fields.ts'
import type { RateDeckRow } from './deck-doors.ts'
import type { DeviceRow, GatewayRow } from './record-doors.ts'

const number = Type.Integer()
const string = Type.String()
const bool = Type.Boolean()

const priceOrNull = (price: Money | undefined): string | null =>
  price === undefined ? null : formatMoney(price)

const row = (properties: Record<string, TSchema>) => Type.Object({ id: number, ...properties })

export const OrganizationJson = row({
  name: string,
  sipDomain: string,
  country: string,
  currency: string,
  defaultCallerId: nullable(string),
  lcrProfileId: nullable(number),
  timeZone: nullable(string),
  ...callerId.organizationCallerIdTold,
  isDemo: bool,
  enabled: bool,
})
export const organizationJson = (organization: Organization) => ({
  id: organization.id,
  name: organization.name,
  sipDomain: organization.sipDomain,
  country: organization.country,
  currency: organization.currency,
  defaultCallerId: organization.defaultCallerId ?? null,
  lcrProfileId: organization.lcrProfileId ?? null,
  timeZone: organization.timeZone ?? null,
  ...callerId.organizationCallerIdJson(organization),
  isDemo: organization.isDemo,
  enabled: organization.enabled,
})

export const CarrierJson = row({
  organizationId: nullable(number),
  code: string,
  name: string,
  maxChannels: nullable(number),
  maxCallsPerSecond: nullable(number),
  carriesCallerId: bool,
  supportsFax: bool,
  ...callerId.carrierCallerIdTold,
  attemptFee: nullable(Type.Object({ amount: string, currency: string })),
  failover: Type.Object({ enabled: bool, threshold: nullable(number), windowSeconds: nullable(number) }),
  enabled: bool,
})
export const carrierJson = (carrier: Carrier) => ({
  id: carrier.id,
  organizationId: carrier.organizationId ?? null,
  code: carrier.code,
  name: carrier.name,
  maxChannels: carrier.maxChannels ?? null,
  maxCallsPerSecond: carrier.maxCallsPerSecond ?? null,
  carriesCallerId: carrier.carriesCallerId,
  supportsFax: carrier.supportsFax,
  ...callerId.carrierCallerIdJson(carrier),
  attemptFee:
    carrier.attemptFee === undefined
      ? null
      : { amount: formatMoney(carrier.attemptFee.amount), currency: carrier.attemptFee.currency },
  failover: {
    enabled: carrier.failover.enabled,
    threshold: carrier.failover.threshold ?? null,
    windowSeconds: carrier.failover.windowSeconds ?? null,
  },
  enabled: carrier.enabled,
})

const failoverRules = Type.Array(Type.Union([number, string]), {
  description: 'hangup causes and SIP statuses',
})

export const GatewayJson = row({
  carrierId: number,
  name: string,
  hostname: string,
  port: number,
  transport: string,
  credentials: nullable(Type.Object({ username: string, realm: nullable(string) })),
  register: bool,
  codecs: Type.Array(string),
  maxChannels: nullable(number),
  maxCallsPerSecond: nullable(number),
  numberForm: Type.Object({
    format: string,
    country: nullable(string),
    strip: number,
    pattern: nullable(string),
    replacement: nullable(string),
    prefix: string,
    techPrefix: string,
  }),
  failover: Type.Object({ believes: string, next: failoverRules, stop: failoverRules }),
  progressTimeoutSeconds: nullable(number),
  ringTimeoutSeconds: nullable(number),
  pingSeconds: nullable(number),
  inboundCidrs: Type.Array(string),
  carriesEmergency: bool,
  answersWithTones: bool,
  ...callerId.gatewayCallerIdTold,
  enabled: bool,
})
export const gatewayJson = (gateway: GatewayRow) => ({
  id: gateway.id,
  carrierId: gateway.carrierId,
  name: gateway.name,
  hostname: gateway.hostname,
  port: gateway.port,
  transport: gateway.transport,
  // The password goes in and never comes out.
  credentials:
    gateway.credentials === undefined
      ? null
      : { username: gateway.credentials.username, realm: gateway.credentials.realm ?? null },
  register: gateway.register,
  codecs: [...gateway.codecs],
  maxChannels: gateway.maxChannels ?? null,
  maxCallsPerSecond: gateway.maxCallsPerSecond ?? null,
  numberForm: {
    format: gateway.numberForm.format,
    country: gateway.numberForm.country ?? null,
    strip: gateway.numberForm.strip,
    pattern: gateway.numberForm.pattern ?? null,
    replacement: gateway.numberForm.replacement ?? null,
    prefix: gateway.numberForm.prefix,
    techPrefix: gateway.numberForm.techPrefix,
  },
  failover: {
    believes: gateway.failover.believes,
    next: [...gateway.failover.next],
    stop: [...gateway.failover.stop],
  },
  progressTimeoutSeconds: gateway.progressTimeoutSeconds ?? null,
  ringTimeoutSeconds: gateway.ringTimeoutSeconds ?? null,
  pingSeconds: gateway.pingSeconds ?? null,
  inboundCidrs: [...gateway.inboundCidrs],
  carriesEmergency: gateway.carriesEmergency,
  answersWithTones: gateway.answersWithTones,
  ...callerId.gatewayCallerIdJson(gateway),
  enabled: gateway.enabled,
})

export const UserJson = row({
  organizationId: number,
  name: string,
  extension: string,
  callerId: nullable(string),
  ...callerId.userCallerIdTold,
  enabled: bool,
})
export const userJson = (user: User) => ({
  id: user.id,
  organizationId: user.organizationId,
  name: user.name,
  extension: user.extension,
  callerId: user.callerId ?? null,
  ...callerId.userCallerIdJson(user),
  enabled: user.enabled,
})

export const DeviceJson = row({ userId: number, username: string, enabled: bool })
export const deviceJson = ({ id, userId, username, enabled }: DeviceRow) => ({
  id,
  userId,
  username,
  enabled,
})

export const NumberJson = row({ organizationId: number, number: string, userId: number, enabled: bool })
export const numberJson = ({ id, organizationId, number: digits, userId, enabled }: DdiNumber) => ({
  id,
  organizationId,
  number: digits,
  userId,
  enabled,
})

export const LcrProfileJson = row({
  organizationId: nullable(number),
  name: string,
  strategy: string,
  timeZone: string,
  costWeight: number,
  qualityWeight: number,
  maxPricePerMinute: nullable(string),
  protectsMargin: bool,
  requiresCallerId: bool,
  enabled: bool,
})
export const lcrProfileJson = (profile: LcrProfile) => ({
  id: profile.id,
  organizationId: profile.organizationId ?? null,
  name: profile.name,
  strategy: profile.strategy,
  timeZone: profile.timeZone,
  costWeight: profile.costWeight,
  qualityWeight: profile.qualityWeight,
  maxPricePerMinute: priceOrNull(profile.maxPricePerMinute),
  protectsMargin: profile.protectsMargin,
  requiresCallerId: profile.requiresCallerId,
  enabled: profile.enabled,
})

export const LcrRouteJson = row({
  profileId: number,
  gatewayId: number,
  prefix: string,
  priority: number,
  weight: number,
  priceOverride: nullable(string),
  maxChannels: nullable(number),
  maxCallDurationSeconds: nullable(number),
  timeRestrictions: Type.Array(string),
  asrPercent: nullable(Type.Number()),
  acdSeconds: nullable(number),
  pddMs: nullable(number),
  enabled: bool,
})
export const lcrRouteJson = (route: LcrRoute) => ({
  id: route.id,
  profileId: route.profileId,
  gatewayId: route.gatewayId,
  prefix: route.prefix,
  priority: route.priority,
  weight: route.weight,
  priceOverride: priceOrNull(route.priceOverride),
  maxChannels: route.maxChannels ?? null,
  maxCallDurationSeconds: route.maxCallDurationSeconds ?? null,
  timeRestrictions: [...route.timeRestrictions],
  asrPercent: route.asrPercent ?? null,
  acdSeconds: route.acdSeconds ?? null,
  pddMs: route.pddMs ?? null,
  enabled: route.enabled,
})

export const BlockedPrefixJson = row({
  organizationId: nullable(number),
  prefix: string,
  action: string,
  note: string,
  enabled: bool,
})
export const blockedPrefixJson = ({ organizationId, ...blocked }: BlockedPrefix) => ({
  id: blocked.id,
  organizationId: organizationId ?? null,
  prefix: blocked.prefix,
  action: blocked.action,
  note: blocked.note,
  enabled: blocked.enabled,
})

export const RateDeckJson = row({
  carrierId: nullable(number),
  carrier: nullable(string),
  organizationId: nullable(number),
  name: string,
  currency: string,
  state: Type.Union([Type.Literal('draft'), Type.Literal('published'), Type.Literal('withdrawn')]),
  version: nullable(number),
  replaces: bool,
  effectiveFrom: time('from this moment'),
  effectiveTo: nullable(time('until before this one')),
  rateCount: number,
  graceSeconds: number,
  freeSeconds: number,
  rounding: nullable(string),
  source: string,
  createdAt: time('written'),
  publishedAt: nullable(time('counts as a version since')),
  withdrawnAt: nullable(time('taken back at')),
})
export const rateDeckJson = (deck: RateDeckRow) => ({
  id: deck.id,
  carrierId: deck.carrierId ?? null,
  carrier: deck.carrier ?? null,
  organizationId: deck.organizationId ?? null,
  name: deck.name,
  currency: deck.currency,
  state: deck.state,
  version: deck.version ?? null,
  replaces: deck.replaces,
  effectiveFrom: iso(deck.effectiveFrom),
  effectiveTo: isoOrNull(deck.effectiveTo),
  rateCount: deck.rateCount,
  graceSeconds: deck.graceSeconds,
  freeSeconds: deck.freeSeconds,
  rounding: deck.rounding ?? null,
  source: deck.source,
  createdAt: iso(deck.createdAt),
  publishedAt: isoOrNull(deck.publishedAt),
  withdrawnAt: isoOrNull(deck.withdrawnAt),
})
