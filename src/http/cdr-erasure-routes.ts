/** A number is forgotten on request; who had which one forgotten can be looked up by whoever knows it. */
import { Type } from '@sinclair/typebox'
import { ERASURE_MODES } from '../cdr/forget.ts'
import type { CdrErasure } from '../store/cdr-erasure-rows.ts'
import type { Api } from './api.ts'
import { organizationWithin } from './caller.ts'
import type { CdrErasureDoors } from './cdr-doors.ts'
import { answers, choice, e164, fields, flag, id, iso, isoOrNull, nullable, text, time } from './fields.ts'
import { actorOf } from './recordings-routes.ts'

const tags = ['cdrs']
const number = e164('a number')
const integer = Type.Integer()

const ErasureJson = Type.Object({
  id: nullable(Type.Integer({ description: 'null: a dry run, which changed nothing' })),
  organizationId: nullable(integer),
  mode: choice(ERASURE_MODES),
  reason: Type.String(),
  who: Type.String(),
  address: nullable(Type.String()),
  begunAt: time('when it began'),
  finishedAt: nullable(time('when it ended; null: it was interrupted, and is to be asked for again')),
  counts: Type.Record(Type.String(), integer, {
    description: 'rows that were changed, by what they are of; held: calls under legal hold, which stay',
  }),
})

const erasureJson = (erasure: CdrErasure) => ({
  id: erasure.id ?? null,
  organizationId: erasure.organizationId ?? null,
  mode: erasure.mode,
  reason: erasure.reason,
  who: erasure.who,
  address: erasure.address ?? null,
  begunAt: iso(erasure.begunAt),
  finishedAt: isoOrNull(erasure.finishedAt),
  counts: { ...erasure.counts },
})

export const addCdrErasureRoutes = (api: Api, erasures: CdrErasureDoors): void => {
  api.post(
    '/v1/cdrs/erasures',
    {
      config: { scope: 'cdrs:write' },
      schema: {
        tags,
        summary: 'Takes a number out of all that is kept of its calls; durations, causes and sums stay',
        body: fields({
          number,
          mode: Type.Optional(choice(ERASURE_MODES)),
          reason: text('why; the audit keeps it', 1_000),
          recordings: Type.Optional(flag('recordings of its calls are deleted, too')),
          dryRun: Type.Optional(flag('what there is is counted, and nothing changed')),
          organizationId: Type.Optional(id('an organisation')),
        }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), erasure: ErasureJson }),
          404,
          413,
          415,
          503,
        ),
      },
    },
    async (request) => {
      const { body } = request
      const erasure = await erasures.erase({
        number: body.number,
        mode: body.mode ?? 'erase',
        reason: body.reason,
        recordings: body.recordings ?? false,
        dryRun: body.dryRun ?? false,
        organizationId: organizationWithin(request, body.organizationId, 'organizationId'),
        actor: actorOf(request),
      })
      return { success: true, erasure: erasureJson(erasure) }
    },
  )

  api.get(
    '/v1/cdrs/erasures',
    {
      config: { scope: 'cdrs:read' },
      schema: {
        tags,
        summary: 'Who had a number erased, newest first; with a number, whether and when that one was',
        querystring: fields({
          number: Type.Optional(
            Type.String({
              pattern: '^[ +][1-9]\\d{5,14}$',
              description: 'a number in E.164 form, such as +442079460123',
            }),
          ),
          organization: Type.Optional(id('an organisation')),
        }),
        response: answers(
          200,
          Type.Object({ success: Type.Literal(true), erasures: Type.Array(ErasureJson) }),
          404,
          503,
        ),
      },
    },
    async (request) => {
      const { query } = request
      const found = await erasures.list({
        organizationId: organizationWithin(request, query.organization),
        number: query.number?.replace(' ', '+'),
      })
      return { success: true, erasures: found.map(erasureJson) }
    },
  )
}
