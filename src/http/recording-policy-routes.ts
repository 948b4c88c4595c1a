/** Recording policies and the groups of users that they name. A record of another organisation is none. */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, fields, id } from './fields.ts'
import { changesOf } from './record-doors.ts'
import {
  GroupJson,
  groupJson,
  NewGroup,
  NewPolicy,
  PolicyJson,
  policyJson,
  type CallRecordingDoors,
  type OwnedCollection,
} from './recording-policy-doors.ts'
import { badInput } from './validation.ts'

export const addRecordingPolicyRoutes = (api: Api, doors: CallRecordingDoors): void => {
  addOwned(api, doors.policies, {
    path: 'recording-policies',
    one: 'recordingPolicy',
    many: 'recordingPolicies',
    word: 'recording policy',
    taken: NewPolicy,
    told: PolicyJson,
    render: policyJson,
  })
  addOwned(api, doors.groups, {
    path: 'user-groups',
    one: 'userGroup',
    many: 'userGroups',
    word: 'group of users',
    taken: NewGroup,
    told: GroupJson,
    render: groupJson,
  })
}

type Kind<Taken extends TObject, Row> = {
  readonly path: string
  readonly one: string
  readonly many: string
  readonly word: string
  readonly taken: Taken
  readonly told: TObject
  readonly render: (row: Row) => Record<string, unknown>
}

const addOwned = <Taken extends TObject, Row extends { readonly organizationId: number }>(
  api: Api,
  collection: OwnedCollection<Static<Taken>, Row>,
  { path, one, many, word, taken, told, render }: Kind<Taken, Row>,
): void => {
  const tags = ['recording']
  const params = fields({ id: id(`a ${word}`) })
  const tellOne = Type.Object({ success: Type.Literal(true), [one]: told })
  const missing = (number: number): string => `there is no ${word} ${number}`
  // Who is bound to an organisation need not name it.
  const optionalOwner = Type.Object(
    { ...taken.properties, organizationId: Type.Optional(id('an organisation')) },
    { additionalProperties: false, description: 'a JSON object' },
  )
  const own = async (number: number, bound: number | undefined): Promise<Row | undefined> => {
    const row = await collection.get(number)
    return bound === undefined || row?.organizationId === bound ? row : undefined
  }

  api.get(
    `/v1/${path}`,
    {
      config: { scope: 'records:read' },
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
      const rows = await collection.list(organizationWithin(request, request.query.organization))
      return { success: true, [many]: rows.map(render) }
    },
  )
  api.get(
    `/v1/${path}/:id`,
    {
      config: { scope: 'records:read' },
      schema: { tags, summary: `Tells one of ${path}`, params, response: answers(200, tellOne, 404, 503) },
    },
    async (request, reply) => {
      const row = await own(request.params.id, boundTo(request))
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(request.params.id))
        : { success: true, [one]: render(row) }
    },
  )
  api.post(
    `/v1/${path}`,
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: `Adds one of ${path}`,
        body: optionalOwner,
        response: answers(201, tellOne, 404, 409, 413, 415, 503),
      },
    },
    async (request, reply) => {
      // Checked against the schema just now; the type provider cannot follow a generic one.
      const body = request.body as Record<string, unknown>
      const asked = body['organizationId']
      const organizationId = organizationWithin(
        request,
        typeof asked === 'number' ? asked : undefined,
        'organizationId',
      )
      if (organizationId === undefined)
        throw badInput('organizationId', '"organizationId" is missing: it takes the id of an organisation')
      const row = await collection.add({ ...body, organizationId })
      return reply.code(201).send({ success: true, [one]: render(row) })
    },
  )
  api.put(
    `/v1/${path}/:id`,
    {
      config: { scope: 'records:write' },
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
      const row =
        (await own(number, boundTo(request))) === undefined
          ? undefined
          : await collection.update(number, request.body)
      return row === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(number))
        : { success: true, [one]: render(row) }
    },
  )
  api.delete(
    `/v1/${path}/:id`,
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: `Removes one of ${path}`,
        params,
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 409, 503),
      },
    },
    async (request, reply) => {
      const number = request.params.id
      const isOwn = (await own(number, boundTo(request))) !== undefined
      return isOwn && (await collection.remove(number))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', missing(number))
    },
  )
}
