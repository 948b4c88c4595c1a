/** What the routes of call control are made of. */
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ControlRequest } from '../engine/call-control.ts'
import { asCallUuid } from '../telephony/call-uuid.ts'
import { isE164, type E164 } from '../telephony/e164.ts'
import { refuse } from './api.ts'
import { boundTo } from './caller.ts'
import { ControlledJson, controlledJson, type ControlDoors } from './control-doors.ts'
import { answers, dialled, e164, fields, uuid } from './fields.ts'

export const tags = ['call control']
export const callParams = fields({ callId: uuid('a call') })
const failures = [402, 403, 404, 409, 413, 415, 429, 503] as const
export const told = answers(200, ControlledJson, ...failures)

export const leg = Type.Optional(
  Type.String({
    pattern: '^([AB]|[0-9A-Fa-f-]{36})$',
    description: "A (the caller), B (the called), or a leg's uuid; without it, our user's",
  }),
)
export const legOrBoth = Type.Optional(
  Type.String({
    pattern: '^(A|B|both|[0-9A-Fa-f-]{36})$',
    description: "A, B, both, or a leg's uuid; without it, our user's",
  }),
)
export const callerId = Type.Optional(e164('the number to show'))

/** What these verbs take beside the call is all optional: a request without a body asks for nothing of it. */
export const bodyMayMiss = {
  preValidation: (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    request.body ??= {}
    done()
  },
}

export const ToParty = fields({ to: dialled('a number or an extension'), callerId, leg })

export type Perform = (
  request: FastifyRequest,
  reply: FastifyReply,
  callId: string,
  asked: ControlRequest,
) => Promise<object>

/** Asks the door, bound to who asks, and answers. */
export const performing =
  (doors: Pick<ControlDoors, 'control'>): Perform =>
  async (
    request: FastifyRequest,
    reply: FastifyReply,
    callId: string,
    asked: ControlRequest,
  ): Promise<object> => {
    const outcome = await doors.control(asCallUuid(callId), asked, boundTo(request))
    if (outcome.kind === 'done') return controlledJson(outcome.detail)
    if (outcome.retryAfterSeconds !== undefined)
      void reply.header('retry-after', String(outcome.retryAfterSeconds))
    return refuse(reply, outcome.code === 'CALL_NOT_FOUND' ? 'HTTP_NOT_FOUND' : outcome.code, outcome.message)
  }

export const legOf = (name: string | undefined): string | undefined =>
  name === undefined || name.length < 5 ? name : asCallUuid(name)

export const toParty = ({
  to,
  callerId: number,
  leg: name,
}: Pick<Static<typeof ToParty>, 'to' | 'callerId' | 'leg'>): {
  readonly to: string
  readonly callerId: E164 | undefined
  readonly leg: string | undefined
} => ({
  to,
  callerId: number !== undefined && isE164(number) ? number : undefined,
  leg: legOf(name),
})
