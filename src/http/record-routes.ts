/** The write doors: five routes for each kind of record that operators keep. */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { addDeckRoutes } from './deck-routes.ts'
import { answers, fields, id } from './fields.ts'
import {
  changesOf,
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
import * as json from './record-json.ts'

export const addRecordRoutes = (api: Api, records: RecordDoors): void => {
  const { organizations, carriers, gateways, users, devices, numbers } = records
  const { lcrProfiles, lcrRoutes, blockedPrefixes, rateDecks, rateDeckFiles } = records
  if (organizations !== undefined) {
    addKind(api, organizations, {
      path: 'organizations',
      one: 'organization',
      taken: NewOrganization,
      told: json.OrganizationJson,
      render: json.organizationJson,
    })
  }
  if (carriers !== undefined) {
    addKind(api, carriers, {
      path: 'carriers',
      one: 'carrier',
      taken: NewCarrier,
      told: json.CarrierJson,
      render: json.carrierJson,
    })
  }
  if (gateways !== undefined) {
    addKind(api, gateways, {
      path: 'gateways',
      one: 'gateway',
      taken: NewGateway,
      told: json.GatewayJson,
      render: json.gatewayJson,
    })
  }
  if (users !== undefined) {
    addKind(api, users, {
      path: 'users',
      one: 'user',
      taken: NewUser,
      told: json.UserJson,
      render: json.userJson,
    })
  }
  if (devices !== undefined) {
    addKind(api, devices, {
      path: 'devices',
      one: 'device',
      taken: NewDevice,
      told: json.DeviceJson,
      render: json.deviceJson,
    })
  }
  if (numbers !== undefined) {
    addKind(api, numbers, {
      path: 'numbers',
      one: 'number',
      taken: NewNumber,
      told: json.NumberJson,
      render: json.numberJson,
    })
  }
  if (lcrProfiles !== undefined) {
    addKind(api, lcrProfiles, {
      path: 'lcr-profiles',
      one: 'lcrProfile',
      taken: NewLcrProfile,
      told: json.LcrProfileJson,
      render: json.lcrProfileJson,
    })
  }
  if (lcrRoutes !== undefined) {
    addKind(api, lcrRoutes, {
      path: 'lcr-routes',
      one: 'lcrRoute',
      taken: NewLcrRoute,
      told: json.LcrRouteJson,
      render: json.lcrRouteJson,
    })
  }
  if (blockedPrefixes !== undefined) {
    addKind(api, blockedPrefixes, {
      path: 'blocked-prefixes',
      one: 'blockedPrefix',
      plural: 'es',
      taken: NewBlockedPrefix,
      told: json.BlockedPrefixJson,
      render: json.blockedPrefixJson,
    })
  }
  if (rateDecks !== undefined) {
    addKind(api, rateDecks, {
      path: 'rate-decks',
      one: 'rateDeck',
      taken: NewRateDeck,
      told: json.RateDeckJson,
      render: json.rateDeckJson,
      bodyLimit: RATE_DECK_BODY_LIMIT,
    })
  }
  if (rateDeckFiles !== undefined) addDeckRoutes(api, rateDeckFiles)
}

/** 20,000 rates with every field written out. */
const RATE_DECK_BODY_LIMIT = 4 * 1024 * 1024

type Kind<Taken extends TObject, Row> = {
  readonly path: string
  /** Its key in answers; a list's is the same with `plural` behind it. */
  readonly one: string
  /** Default s. */
  readonly plural?: string
  readonly taken: Taken
  readonly told: TObject
  readonly render: (row: Row) => Record<string, unknown>
  /** Of what is added, in bytes; default the server's. */
  readonly bodyLimit?: number
}

const addKind = <Taken extends TObject, Row>(
  api: Api,
  collection: Collection<Static<Taken>, Row>,
  { path, one, plural = 's', taken, told, render, bodyLimit }: Kind<Taken, Row>,
): void => {
  const tags = ['records']
  const params = fields({ id: id('the record') })
  const tellOne = Type.Object({ success: Type.Literal(true), [one]: told })
  const many = `${one}${plural}`
  const missing = (number: number): string => `there is no ${path.slice(0, -plural.length)} ${number}`

  api.get(
    `/v1/${path}`,
    {
      schema: {
        tags,
        summary: `Lists ${path}`,
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(200, Type.Object({ success: Type.Literal(true), [many]: Type.Array(told) }), 503),
      },
    },
    async ({ query }) => {
      const rows = await collection.list({ organizationId: query.organization })
      return { success: true, [many]: rows.map(render) }
    },
  )
  api.get(
    `/v1/${path}/:id`,
    { schema: { tags, summary: `Tells one of ${path}`, params, response: answers(200, tellOne, 404, 503) } },
    async ({ params: { id: number } }, reply) => {
      const row = await collection.get(number)
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(number))
        : { success: true, [one]: render(row) }
    },
  )
  api.post(
    `/v1/${path}`,
    {
      ...(bodyLimit === undefined ? {} : { bodyLimit }),
      schema: {
        tags,
        summary: `Adds one of ${path}`,
        body: taken,
        response: answers(201, tellOne, 409, 413, 415, 503),
      },
    },
    async ({ body }, reply) => {
      // Checked against `taken` just now; the type provider cannot follow a generic schema.
      const row = await collection.add(body as Static<Taken>)
      return reply.code(201).send({ success: true, [one]: render(row) })
    },
  )
  api.put(
    `/v1/${path}/:id`,
    {
      schema: {
        tags,
        summary: `Changes one of ${path}: the fields that are given`,
        params,
        body: changesOf(taken),
        response: answers(200, tellOne, 404, 409, 413, 415, 503),
      },
    },
    async ({ params: { id: number }, body }, reply) => {
      const row = await collection.update(number, body)
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(number))
        : { success: true, [one]: render(row) }
    },
  )
  api.delete(
    `/v1/${path}/:id`,
    {
      schema: {
        tags,
        summary: `Removes one of ${path}`,
        params,
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 409, 503),
      },
    },
    async ({ params: { id: number } }, reply) =>
      (await collection.remove(number))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', missing(number)),
  )
}
