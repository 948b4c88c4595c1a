/**
 * Five routes for one kind of record: list, tell, add, change, remove. Whoever is bound to an organisation needs not
 * name it, and may not name another.
 */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { Forbidden, Write } from '../access/tenant-rules.ts'
import { EngineError } from '../base/errors.ts'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, fields, id } from './fields.ts'
import { changesOf, type Collection } from './record-doors.ts'
import { badInput } from './validation.ts'

/** What is sent of a record, checked against its schema. */
export type Body = Readonly<Record<string, unknown>>

export type RecordKind<Taken extends TObject, Row> = {
  readonly path: string
  /** Who reads and writes it needs `records:` or `routing:`. */
  readonly area: 'records' | 'routing'
  /** Whether it names the organisation that it is of; `needed`: it is always one's, `optional`: or the platform's. */
  readonly owner?: 'needed' | 'optional'
  /** Its key in answers. */
  readonly one: string
  /** The list's; default: the same with an s. */
  readonly many?: string
  /** What a person calls one; default: the path without its s. */
  readonly word?: string
  /** Of the API's document; default: records. */
  readonly tag?: string
  /** What a caller who is bound to an organisation may not write; undefined: nothing is. */
  readonly forbidden?: (write: Write, body: Body) => Forbidden | undefined
  readonly taken: Taken
  readonly told: TObject
  readonly render: (row: Row) => Record<string, unknown>
  /** Of what is added, in bytes; default the server's. */
  readonly bodyLimit?: number
}

export const addRecordKind = <Taken extends TObject, Row>(
  api: Api,
  collection: Collection<Static<Taken>, Row>,
  kind: RecordKind<Taken, Row>,
): void => {
  const { path, area, owner, one, many = `${one}s`, taken, told, render, bodyLimit } = kind
  const tags = [kind.tag ?? 'records']
  const params = fields({ id: id('the record') })
  const tellOne = Type.Object({ success: Type.Literal(true), [one]: told })
  const reading = { scope: `${area}:read` } as const
  const writing = { scope: `${area}:write` } as const
  const { word = path.slice(0, -1) } = kind
  const missing = (number: number): string => `there is no ${word} ${number}`

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
      refuseForbidden(request, kind.forbidden, 'add', body)
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
      refuseForbidden(request, kind.forbidden, 'change', body)
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
      refuseForbidden(request, kind.forbidden, 'remove', {})
      return (await collection.remove(number, boundTo(request)))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', missing(number))
    },
  )
}

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

const refuseForbidden = (
  request: FastifyRequest,
  forbiddenTo: RecordKind<TObject, never>['forbidden'],
  write: Write,
  body: Body,
): void => {
  if (boundTo(request) === undefined) return
  const found = forbiddenTo?.(write, body)
  if (found !== undefined) throw forbidden(found.field, found.why)
}

const forbidden = (field: string, message: string): EngineError =>
  new EngineError('ACCESS_FORBIDDEN', message, { field })
