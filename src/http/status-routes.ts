/** Whether the engine lives, whether it can do its work, and what it counted. */
import { Type } from '@sinclair/typebox'
import type { Api } from './api.ts'
import type { Doors } from './doors.ts'
import { answers, textAnswer } from './fields.ts'

const tags = ['engine']

const HealthJson = Type.Object({
  status: Type.Literal('ok'),
  version: Type.String(),
  features: Type.Array(Type.String()),
  uptimeSeconds: Type.Number(),
  trial: Type.Boolean(),
  simulated: Type.Boolean({ description: 'calls go to the simulator, not to a FreeSWITCH' }),
})

const ReadinessJson = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() })),
})

const healthAnswers: Record<string, unknown> = { 200: HealthJson }
const readinessAnswers: Record<string, unknown> = { 200: ReadinessJson, 503: ReadinessJson }

/** For load balancers: open to everyone, and HEAD is answered too. */
export const addOpenRoutes = (api: Api, doors: Pick<Doors, 'health' | 'ready'>): void => {
  api.get(
    '/health',
    {
      exposeHeadRoute: true,
      schema: {
        tags,
        summary: 'The engine lives',
        security: [],
        response: healthAnswers,
      },
    },
    (_request, reply) => {
      void reply.send(doors.health())
    },
  )
  api.get(
    '/ready',
    {
      exposeHeadRoute: true,
      schema: {
        tags,
        summary: 'The engine can route calls',
        security: [],
        response: readinessAnswers,
      },
    },
    (_request, reply) => {
      const readiness = doors.ready()
      void reply.code(readiness.ready ? 200 : 503).send(readiness)
    },
  )
}

export const addMetricsRoute = (api: Api, doors: Pick<Doors, 'metrics'>): void => {
  api.get(
    '/metrics',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: "Prometheus's text format",
        response: answers(200, textAnswer('text/plain', 'metrics')),
      },
    },
    async (_request, reply) =>
      reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await doors.metrics()),
  )
}
