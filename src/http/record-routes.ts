/**
 * Five routes for each kind of record that operators keep. Whoever is bound to an organisation needs not name it, and
 * may not name another; what he may write of his own records access/tenant-rules.ts says.
 */
import type { Static, TObject } from '@sinclair/typebox'
import { forbiddenToTenant, type RecordPath } from '../access/tenant-rules.ts'
import type { Api } from './api.ts'
import { addDeckRoutes } from './deck-routes.ts'
import {
  NewBlockedPrefix,
  NewCarrier,
  NewDevice,
  NewGateway,
  NewLcrProfile,
  NewLcrRoute,
  NewNumber,
  NewOrganization,
  NewRateDeck,
  NewUser,
  type Collection,
  type RecordDoors,
} from './record-doors.ts'
import * as callerId from './caller-id-json.ts'
import * as json from './record-json.ts'
import { addRecordKind, type RecordKind } from './record-kind-routes.ts'

export const addRecordRoutes = (api: Api, records: RecordDoors): void => {
  const { organizations, carriers, gateways, users, devices, numbers } = records
  const { lcrProfiles, lcrRoutes, blockedPrefixes, rateDecks, rateDeckFiles } = records
  if (organizations !== undefined) {
    addKind(api, organizations, {
      path: 'organizations',
      area: 'records',
      one: 'organization',
      taken: NewOrganization,
      told: json.OrganizationJson,
      render: json.organizationJson,
    })
  }
  if (carriers !== undefined) {
    addKind(api, carriers, {
      path: 'carriers',
      area: 'records',
      owner: 'optional',
      one: 'carrier',
      taken: NewCarrier,
      told: json.CarrierJson,
      render: json.carrierJson,
    })
  }
  if (gateways !== undefined) {
    addKind(api, gateways, {
      path: 'gateways',
      area: 'records',
      one: 'gateway',
      taken: NewGateway,
      told: json.GatewayJson,
      render: json.gatewayJson,
    })
  }
  if (users !== undefined) {
    addKind(api, users, {
      path: 'users',
      area: 'records',
      owner: 'needed',
      one: 'user',
      taken: NewUser,
      told: json.UserJson,
      render: json.userJson,
    })
  }
  if (devices !== undefined) {
    addKind(api, devices, {
      path: 'devices',
      area: 'records',
      one: 'device',
      taken: NewDevice,
      told: json.DeviceJson,
      render: json.deviceJson,
    })
  }
  if (numbers !== undefined) {
    addKind(api, numbers, {
      path: 'numbers',
      area: 'records',
      owner: 'needed',
      one: 'number',
      taken: NewNumber,
      told: json.NumberJson,
      render: json.numberJson,
    })
  }
  if (lcrProfiles !== undefined) {
    addKind(api, lcrProfiles, {
      path: 'lcr-profiles',
      area: 'routing',
      owner: 'optional',
      one: 'lcrProfile',
      taken: NewLcrProfile,
      told: json.LcrProfileJson,
      render: json.lcrProfileJson,
    })
  }
  if (lcrRoutes !== undefined) {
    addKind(api, lcrRoutes, {
      path: 'lcr-routes',
      area: 'routing',
      one: 'lcrRoute',
      taken: NewLcrRoute,
      told: json.LcrRouteJson,
      render: json.lcrRouteJson,
    })
  }
  if (blockedPrefixes !== undefined) {
    addKind(api, blockedPrefixes, {
      path: 'blocked-prefixes',
      area: 'routing',
      owner: 'optional',
      one: 'blockedPrefix',
      many: 'blockedPrefixes',
      word: 'blocked prefix',
      taken: NewBlockedPrefix,
      told: json.BlockedPrefixJson,
      render: json.blockedPrefixJson,
    })
  }
  if (records.callerIdRules !== undefined) {
    addKind(api, records.callerIdRules, {
      path: 'caller-id-rules',
      area: 'records',
      owner: 'needed',
      one: 'callerIdRule',
      taken: callerId.NewCallerIdRule,
      told: callerId.CallerIdRuleJson,
      render: callerId.callerIdRuleJson,
    })
  }
  if (records.carrierCallerIds !== undefined) {
    addKind(api, records.carrierCallerIds, {
      path: 'carrier-caller-ids',
      area: 'records',
      owner: 'needed',
      one: 'carrierCallerId',
      taken: callerId.NewCarrierNumber,
      told: callerId.CarrierNumberJson,
      render: callerId.carrierNumberJson,
    })
  }
  if (rateDecks !== undefined) {
    addKind(api, rateDecks, {
      path: 'rate-decks',
      area: 'routing',
      one: 'rateDeck',
      taken: NewRateDeck,
      told: json.RateDeckJson,
      render: json.rateDeckJson,
      bodyLimit: RATE_DECK_BODY_LIMIT,
    })
  }
  if (rateDeckFiles !== undefined) addDeckRoutes(api, rateDeckFiles)
}

const addKind = <Taken extends TObject, Row>(
  api: Api,
  collection: Collection<Static<Taken>, Row>,
  kind: RecordKind<Taken, Row> & { readonly path: RecordPath },
): void =>
  addRecordKind(api, collection, {
    ...kind,
    forbidden: (write, body) => forbiddenToTenant(kind.path, write, body),
  })

/** 20,000 rates with every field written out. */
const RATE_DECK_BODY_LIMIT = 4 * 1024 * 1024
