import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import { EngineError } from '../base/errors.ts'
import { answerOf } from './status.ts'

/** A scope of the server in which schemas type what handlers see. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

type Answer = Pick<FastifyReply, 'code' | 'send'>

/** Answers with an outcome that is no success. `code` is a key of the table in status.ts. */
export const refuse = (reply: Answer, code: string, message: string): FastifyReply =>
  answerFault(reply, new EngineError(code, message))

export const answerFault = (reply: Answer, fault: unknown): FastifyReply => {
  const { status, body } = answerOf(fault)
  return reply.code(status).send(body)
}
