/** Records as our API tells them. What is secret is left out here, once. */
import { Type, type TSchema } from '@sinclair/typebox'
import type { Carrier, DdiNumber, LcrProfile, LcrRoute, Organization, User } from '../directory/records.ts'
import { formatMoney } from '../telephony/money.ts'
import { iso, isoOrNull, nullable, time } from './fields.ts'
import type { DeviceRow, GatewayRow, RateDeck } from './record-doors.ts'

const number = Type.Integer()
const string = Type.String()
const bool = Type.Boolean()

const row = (properties: Record<string, TSchema>) => Type.Object({ id: number, ...properties })

export const OrganizationJson = row({
  name: string,
  sipDomain: string,
  country: string,
  currency: string,
  defaultCallerId: nullable(string),
  lcrProfileId: nullable(number),
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
  isDemo: organization.isDemo,
  enabled: organization.enabled,
})

export const CarrierJson = row({
  organizationId: nullable(number),
  code: string,
  name: string,
  enabled: bool,
})
export const carrierJson = ({ id, organizationId, code, name, enabled }: Carrier) => ({
  id,
  organizationId: organizationId ?? null,
  code,
  name,
  enabled,
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
  pingSeconds: nullable(number),
  inboundCidrs: Type.Array(string),
  carriesEmergency: bool,
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
  pingSeconds: gateway.pingSeconds ?? null,
  inboundCidrs: [...gateway.inboundCidrs],
  carriesEmergency: gateway.carriesEmergency,
  enabled: gateway.enabled,
})

export const UserJson = row({
  organizationId: number,
  name: string,
  extension: string,
  callerId: nullable(string),
  enabled: bool,
})
export const userJson = ({ id, organizationId, name, extension, callerId, enabled }: User) => ({
  id,
  organizationId,
  name,
  extension,
  callerId: callerId ?? null,
  enabled,
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
  enabled: bool,
})
export const lcrProfileJson = ({ id, organizationId, name, strategy, enabled }: LcrProfile) => ({
  id,
  organizationId: organizationId ?? null,
  name,
  strategy,
  enabled,
})

export const LcrRouteJson = row({
  profileId: number,
  gatewayId: number,
  prefix: string,
  priority: number,
  priceOverride: nullable(string),
  enabled: bool,
})
export const lcrRouteJson = (route: LcrRoute) => ({
  id: route.id,
  profileId: route.profileId,
  gatewayId: route.gatewayId,
  prefix: route.prefix,
  priority: route.priority,
  priceOverride: route.priceOverride === undefined ? null : formatMoney(route.priceOverride),
  enabled: route.enabled,
})

export const RateDeckJson = row({
  carrierId: number,
  name: string,
  currency: string,
  effectiveFrom: time('from this moment'),
  effectiveTo: nullable(time('until before this one')),
  rateCount: number,
})
export const rateDeckJson = (deck: RateDeck) => ({
  id: deck.id,
  carrierId: deck.carrierId,
  name: deck.name,
  currency: deck.currency,
  effectiveFrom: iso(deck.effectiveFrom),
  effectiveTo: isoOrNull(deck.effectiveTo),
  rateCount: deck.rateCount,
})
