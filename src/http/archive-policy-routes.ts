/**
 * Archive policies: where recordings go when they are old. A recording policy names one (`storage.archivePolicy`). They
 * speak of the platform's disks and buckets, so only the platform makes them; an organisation sees those that it may name.
 */
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { boundTo } from './caller.ts'
import { answers, choice, fields, id, nullable, text, whole } from './fields.ts'
import type { RecordingDoors } from './recordings-doors.ts'
import { ArchivePolicyJson, archivePolicyJson } from './recordings-json.ts'
import { STORAGE_CLASSES } from '../config/storage-classes.ts'

const tags = ['recordings']
const ById = fields({ id: id('an archive policy') })
const One = Type.Object({ success: Type.Literal(true), archivePolicy: ArchivePolicyJson })

export const addArchivePolicyRoutes = (
  api: Api,
  { archivePolicies: doors }: Pick<RecordingDoors, 'archivePolicies'>,
): void => {
  api.get(
    '/v1/archive-policies',
    {
      config: { scope: 'recordings:read' },
      schema: {
        tags,
        summary: 'Archive policies',
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), archivePolicies: Type.Array(ArchivePolicyJson) }),
          503,
        ),
      },
    },
    async (request) => ({
      success: true,
      archivePolicies: (await doors.list(boundTo(request))).map(archivePolicyJson),
    }),
  )

  api.get(
    '/v1/archive-policies/:id',
    {
      config: { scope: 'recordings:read' },
      schema: { tags, summary: 'One archive policy', params: ById, response: answers(200, One, 404, 503) },
    },
    async (request, reply) => {
      const policy = await doors.find(request.params.id, boundTo(request))
      if (policy === undefined) return missing(reply)
      return { success: true, archivePolicy: archivePolicyJson(policy) }
    },
  )

  api.post(
    '/v1/archive-policies',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Adds an archive policy: a folder of the store, or a bucket and a storage class of it',
        body: fields({
          organizationId: Type.Optional(nullable(id('an organisation'))),
          name: text('its name', 255),
          afterDays: whole('days after the recording began', 0, 36_500),
          folder: Type.Optional(text('a folder below archive/ of the store', 64)),
          bucket: Type.Optional(text('a bucket', 63)),
          storageClass: Type.Optional(choice(STORAGE_CLASSES)),
        }),
        response: answers(201, One, 413, 415, 503),
      },
    },
    async ({ body }, reply) =>
      reply.code(201).send({ success: true, archivePolicy: archivePolicyJson(await doors.add(body)) }),
  )

  api.delete(
    '/v1/archive-policies/:id',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Removes an archive policy: what was to go there stays where it is',
        params: ById,
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 503),
      },
    },
    async ({ params }, reply) => ((await doors.remove(params.id)) ? { success: true } : missing(reply)),
  )
}

const missing = (reply: Parameters<typeof refuse>[0]): ReturnType<typeof refuse> =>
  refuse(reply, 'HTTP_NOT_FOUND', 'there is no such archive policy')
