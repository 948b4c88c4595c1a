/** Sounds that the switch plays: uploaded as WAV, listed, removed. They are never changed. */
import { Type } from '@sinclair/typebox'
import { refuse, type Api } from './api.ts'
import { boundTo, organizationWithin } from './caller.ts'
import { answers, fields, id, text } from './fields.ts'
import { AudioFileJson, audioFileJson, type CallRecordingDoors } from './recording-policy-doors.ts'
import { readRaw } from './scope.ts'
import { badInput } from './validation.ts'

/** Ten minutes of telephone quality, or three of a studio's. */
const MOST_BYTES = 20_000_000
const tags = ['recording']
const tellOne = Type.Object({ success: Type.Literal(true), audioFile: AudioFileJson })

export const addAudioFileRoutes = (api: Api, { audioFiles }: CallRecordingDoors): void => {
  const params = fields({ id: id('an audio file') })
  const missing = (number: number): string => `there is no audio file ${number}`
  api.get(
    '/v1/audio-files',
    {
      config: { scope: 'records:read' },
      schema: {
        tags,
        summary: 'Lists audio files',
        querystring: fields({ organization: Type.Optional(id('an organisation')) }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), audioFiles: Type.Array(AudioFileJson) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const rows = await audioFiles.list(organizationWithin(request, request.query.organization))
      return { success: true, audioFiles: rows.map(audioFileJson) }
    },
  )
  api.get(
    '/v1/audio-files/:id',
    {
      config: { scope: 'records:read' },
      schema: { tags, summary: 'Tells one audio file', params, response: answers(200, tellOne, 404, 503) },
    },
    async (request, reply) => {
      const row = await audioFiles.get(request.params.id)
      const bound = boundTo(request)
      return row === undefined || (bound !== undefined && row.organizationId !== bound)
        ? refuse(reply, 'HTTP_NOT_FOUND', missing(request.params.id))
        : { success: true, audioFile: audioFileJson(row) }
    },
  )
  api.delete(
    '/v1/audio-files/:id',
    {
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Removes an audio file that no policy plays',
        params,
        response: answers(200, Type.Object({ success: Type.Literal(true) }), 404, 409, 503),
      },
    },
    async (request, reply) => {
      const bound = boundTo(request)
      const row = await audioFiles.get(request.params.id)
      const isOwn = row !== undefined && (bound === undefined || row.organizationId === bound)
      return isOwn && (await audioFiles.remove(request.params.id))
        ? { success: true }
        : refuse(reply, 'HTTP_NOT_FOUND', missing(request.params.id))
    },
  )
}

/** In a scope of its own: its body is no JSON. */
export const addAudioFileUpload = (api: Api, { audioFiles }: CallRecordingDoors): void => {
  readRaw(api)
  api.post(
    '/v1/audio-files',
    {
      bodyLimit: MOST_BYTES,
      config: { scope: 'records:write' },
      schema: {
        tags,
        summary: 'Takes in a WAV file of at most ten minutes; it becomes one channel of 8 or 16 kHz',
        consumes: ['audio/wav'],
        querystring: fields({
          name: text('a name', 255),
          organization: Type.Optional(id('an organisation')),
        }),
        response: answers(201, tellOne, 404, 409, 413, 503),
      },
    },
    async (request, reply) => {
      const organizationId = organizationWithin(request, request.query.organization)
      if (organizationId === undefined)
        throw badInput('organization', '"organization" is missing: it takes the id of an organisation')
      if (!Buffer.isBuffer(request.body) || request.body.length === 0)
        throw badInput('body', 'the body has to be a WAV file')
      const row = await audioFiles.add({ organizationId, name: request.query.name, content: request.body })
      return reply.code(201).send({ success: true, audioFile: audioFileJson(row) })
    },
  )
}
