/** Caller IDs: may a number be shown, and the proof that it is somebody's. */
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { organizationWithin, boundTo } from './caller.ts'
import type { CallerIdDoors, Validation } from './caller-id-doors.ts'
import { VerificationJson, verificationJson } from './caller-id-verification-json.ts'
import { answers, choice, fields, id, isoOrNull, nullable, text, time } from './fields.ts'

const tags = ['caller-id']
const string = Type.String()
const One = Type.Object({ success: Type.Literal(true), verification: VerificationJson })
const params = fields({ id: id('a verification') })
const number = text('a number, in E.164 form or as the organisation dials it', 40)

export const ValidationJson = Type.Object({
  valid: Type.Boolean({ description: 'whether it may be shown' }),
  number: string,
  normalized: nullable(Type.String({ description: 'in E.164 form; null: it is no number' })),
  ownership: Type.Object({
    type: Type.String({ description: 'organization, user, verified, carrier or none' }),
    verified: Type.Boolean(),
    verificationDate: nullable(time('since when')),
  }),
  restrictions: Type.Array(
    Type.String({
      description:
        'NOT_A_NUMBER, NOT_OWNED, OWNED_BY_ANOTHER, SOME_CARRIERS_ONLY, NO_CARRIER or WITHHELD_BY_USER',
    }),
  ),
  carrierSupport: Type.Record(Type.String(), Type.Boolean(), { description: "by the carrier's code" }),
})

const validationJson = (validation: Validation) => ({
  valid: validation.valid,
  number: validation.number,
  normalized: validation.normalized ?? null,
  ownership: {
    type: validation.ownership.type,
    verified: validation.ownership.verified,
    verificationDate: isoOrNull(validation.ownership.verificationDate),
  },
  restrictions: [...validation.restrictions],
  carrierSupport: { ...validation.carrierSupport },
})

export const addCallerIdRoutes = (api: Api, doors: CallerIdDoors): void => {
  api.post(
    '/v1/caller-id/validate',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Whether a number may be shown as caller ID, and which carriers take it',
        body: fields({
          number,
          organizationId: Type.Optional(id('an organisation')),
          userId: Type.Optional(id('the user who calls')),
          purpose: Type.Optional(choice(['outbound_call', 'emergency', 'fax'])),
        }),
        response: answers(200, ValidationJson, 404, 413, 415, 503),
      },
    },
    async (request) =>
      validationJson(
        await doors.validate({
          number: request.body.number,
          organizationId: organizationWithin(request, request.body.organizationId, 'organizationId'),
          userId: request.body.userId,
        }),
      ),
  )

  api.get(
    '/v1/caller-id/verifications',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Numbers that were proved, or are being proved, newest first',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), verifications: Type.Array(VerificationJson) }),
          404,
          503,
        ),
      },
    },
    async (request) => ({
      success: true,
      verifications: (await doors.list(organizationWithin(request, request.query.organization))).map(
        verificationJson,
      ),
    }),
  )

  api.get(
    '/v1/caller-id/verifications/:id',
    {
      config: { scope: 'records:read' },
      schema: { tags, summary: 'One of them', params, response: answers(200, One, 404, 503) },
    },
    async (request, reply) => {
      const found = await doors.find(request.params.id, boundTo(request))
      return found === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(request.params.id))
        : { success: true, verification: verificationJson(found) }
    },
  )

  api.post(
    '/v1/caller-id/verifications',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Sends a code to a number, by a call or a message; to be confirmed within ten minutes',
        body: fields({
          number,
          method: choice(['call', 'sms'] as const),
          organizationId: Type.Optional(id('an organisation')),
          userId: Type.Optional(id('the only user who may show it')),
        }),
        response: answers(201, One, 404, 409, 413, 415, 429, 503),
      },
    },
    async (request, reply) => {
      const { organizationId, ...body } = request.body
      const started = await doors.start({
        number: body.number,
        method: body.method,
        userId: body.userId,
        organizationId: organizationWithin(request, organizationId, 'organizationId'),
      })
      return reply.code(201).send({ success: true, verification: verificationJson(started) })
    },
  )

  api.post(
    '/v1/caller-id/verifications/:id/confirm',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Takes the code: the number may be shown from now on',
        params,
        body: fields({
          code: Type.String({ pattern: '^\\d{4,10}$', description: 'the code, 4 to 10 digits' }),
        }),
        response: answers(200, One, 404, 409, 413, 415, 422, 503),
      },
    },
    async (request, reply) => {
      const { id: number_ } = request.params
      const confirmed = await doors.confirm(number_, request.body.code, boundTo(request))
      return confirmed === undefined
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(number_))
        : { success: true, verification: verificationJson(confirmed) }
    },
  )

  api.delete(
    '/v1/caller-id/verifications/:id',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Takes the proof back: the number is shown no more',
        params,
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
      },
    },
    async (request, reply) =>
      (await doors.remove(request.params.id, boundTo(request)))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', missing(request.params.id)),
  )
}

const missing = (number_: number): string => `there is no verification ${number_}`
