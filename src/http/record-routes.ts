/**
 * Five routes for each kind of record that operators keep. Whoever is bound to an organisation needs not name it, and
 * may not name another; what he may write of his own records access/tenant-rules.ts says.
 */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { forbiddenToTenant, type RecordPath, type Write } from '../access/tenant-rules.ts'
import { EngineError } from '../base/errors.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
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
import * as callerId from './caller-id-json.ts'
import * as json from './record-json.ts'
import { badInput } from './validation.ts'

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
      plural: 'es',
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

/** 20,000 rates with every field written out. */
const RATE_DECK_BODY_LIMIT = 4 * 1024 * 1024

type Kind<Taken extends TObject, Row> = {
  readonly path: RecordPath
  /** Who reads and writes it needs `records:` or `routing:`. */
  readonly area: 'records' | 'routing'
  /** Whether it names the organisation that it is of; `needed`: it is always one's, `optional`: or the platform's. */
  readonly owner?: 'needed' | 'optional'
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
  { path, area, owner, one, plural = 's', taken, told, render, bodyLimit }: Kind<Taken, Row>,
): void => {
  const tags = ['records']
  const params = fields({ id: id('the record') })
  const tellOne = Type.Object({ success: Type.Literal(true), [one]: told })
  const many = `${one}${plural}`
  const reading = { scope: `${area}:read` } as const
  const writing = { scope: `${area}:write` } as const
  const missing = (number: number): string => `there is no ${path.slice(0, -plural.length)} ${number}`

  api.get(
    `/v1/${path}`,
    {
      config: reading,
      schema: {
        tags,
        summary: `Lists ${path}`,
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), [many]: Type.Array(told) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const organizationId = organizationWithin(request, request.query.organization)
      const rows = await collection.list({ organizationId, boundTo: boundTo(request) })
      return { success: true, [many]: rows.map(render) }
    },
  )
  api.get(
    `/v1/${path}/:id`,
    {
      config: reading,
      schema: { tags, summary: `Tells one of ${path}`, params, response: answers(200, tellOne, 404, 503) },
    },
    async (request, reply) => {
      const number = request.params.id
      const row = await collection.get(number, boundTo(request))
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(number))
        : { success: true, [one]: render(row) }
    },
  )
  api.post(
    `/v1/${path}`,
    {
      ...(bodyLimit === undefined ? {} : { bodyLimit }),
      config: writing,
      schema: {
        tags,
        summary: `Adds one of ${path}`,
        body: taken,
        response: answers(201, tellOne, 404, 409, 413, 415, 503),
      },
    },
    async (request: FastifyRequest, reply) => {
      const body = withOwner(request, request.body as Body, owner)
      refuseForbidden(request, path, 'add', body)
      // Checked against `taken` just now; the type provider cannot follow a generic schema.
      const row = await collection.add(body, boundTo(request))
      return reply.code(201).send({ success: true, [one]: render(row) })
    },
  )
  api.put(
    `/v1/${path}/:id`,
    {
      config: writing,
      schema: {
        tags,
        summary: `Changes one of ${path}: the fields that are given`,
        params,
        body: changesOf(taken),
        response: answers(200, tellOne, 404, 409, 413, 415, 503),
      },
    },
    async (request, reply) => {
      const number = request.params.id
      const body = request.body as Partial<Static<Taken>> & Body
      checkOwner(request, body, owner)
      refuseForbidden(request, path, 'change', body)
      const row = await collection.update(number, body, boundTo(request))
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(number))
        : { success: true, [one]: render(row) }
    },
  )
  api.delete(
    `/v1/${path}/:id`,
    {
      config: writing,
      schema: {
        tags,
        summary: `Removes one of ${path}`,
        params,
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 409, 503),
      },
    },
    async (request, reply) => {
      const number = request.params.id
      refuseForbidden(request, path, 'remove', {})
      return (await collection.remove(number, boundTo(request)))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', missing(number))
    },
  )
}

type Body = Readonly<Record<string, unknown>>

/** Names of whoever is bound to an organisation no other, and nobody who is bound the platform. */
const checkOwner = (request: FastifyRequest, body: Body, owner: 'needed' | 'optional' | undefined): void => {
  const named = body['organizationId']
  if (owner === undefined || boundTo(request) === undefined || named === undefined) return
  if (typeof named !== 'number')
    throw forbidden('organizationId', "what is the platform's is the platform's to write")
  organizationWithin(request, named, 'organizationId')
}

/** The record with the organisation to which the caller is bound, where it names none. */
const withOwner = (request: FastifyRequest, body: Body, owner: 'needed' | 'optional' | undefined): Body => {
  checkOwner(request, body, owner)
  if (owner === undefined || body['organizationId'] !== undefined) return body
  const organizationId = boundTo(request)
  if (organizationId !== undefined) return { ...body, organizationId }
  if (owner === 'needed')
    throw badInput(
      'organizationId',
      '"organizationId" is missing: it takes the id of an organisation, a whole number from 1',
    )
  return body
}

const refuseForbidden = (request: FastifyRequest, path: RecordPath, write: Write, body: Body): void => {
  if (boundTo(request) === undefined) return
  const found = forbiddenToTenant(path, write, body)
  if (found !== undefined) throw forbidden(found.field, found.why)
}

const forbidden = (field: string, message: string): EngineError =>
  new EngineError('ACCESS_FORBIDDEN', message, { field })
