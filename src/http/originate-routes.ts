/**
 * Asking for a call: the phone of a user first, then the number, with everything that may be wished for with it. What
 * is refused is refused here or by the plan, before anything rings; every refusal has words for the person who calls.
 */
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import { EngineError } from '../base/errors.ts'
import { CALLBACK_EVENTS, MACHINE_ACTIONS, type CallWish } from '../call/wish.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { faultInHeaders, LONGEST_VALUE, MOST_HEADERS } from '../telephony/sip-header.ts'
import { userMessageOfRefusal } from '../telephony/user-message.ts'
import type { Api } from './api.ts'
import { organizationWithin } from './caller.ts'
import type { Doors, OriginateRequest } from './doors.ts'
import { answers, choice, e164, extension, fields, flag, id, iso, text, whole } from './fields.ts'
import { onceKeyOf, type Answered, type OnceOutcome } from './once.ts'
import { answerOf } from './status.ts'
import { badInput } from './validation.ts'

type Needs = {
  readonly doors: Pick<Doors, 'originate' | 'once' | 'customHeaders' | 'webhooks'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Anything that is text: what is no number is INVALID_DESTINATION, not a field of the wrong form. */
const number = (what: string) =>
  Type.String({ minLength: 1, maxLength: 256, description: `${what}, in digits, *, # and a leading +` })
const DIALLED = /^\+?[\d*#][\d*# ().-]{0,39}$/

const LONGEST_URL = 2_048

const Options = fields({
  timeout: Type.Optional(whole('seconds for which the destination may ring', 5, 300)),
  maxDuration: Type.Optional(whole('seconds of talk', 1, 86_400)),
  recordCall: Type.Optional(flag('the call is recorded')),
  recordingPolicyId: Type.Optional(id('a recording policy')),
  callbackUrl: Type.Optional(text('a URL that is told of the call', LONGEST_URL)),
  callbackEvents: Type.Optional(
    Type.Array(choice(CALLBACK_EVENTS), {
      minItems: 1,
      maxItems: CALLBACK_EVENTS.length,
      uniqueItems: true,
      description: `a list of ${CALLBACK_EVENTS.join(', ')}`,
    }),
  ),
  earlyMedia: Type.Optional(flag('the caller hears what the carrier sends before the answer')),
  answerConfirm: Type.Optional(flag('the callee presses 1 before he is connected')),
  machineDetection: Type.Optional(
    fields(
      {
        action: choice(MACHINE_ACTIONS),
        messageFileId: Type.Optional(id('an audio file, with leave-message')),
      },
      'an object with action: hangup, leave-message or connect',
    ),
  ),
  customHeaders: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      maxProperties: MOST_HEADERS,
      description: `an object of at most ${MOST_HEADERS} SIP headers, each a text of 1 to ${LONGEST_VALUE} characters`,
    }),
  ),
})

/** Two spellings of the same: `from` and `to`, or a user's id and a destination. */
const Originate = fields({
  from: Type.Optional(extension('an extension, or the user name of a device')),
  userId: Type.Optional(id('a user, instead of from')),
  deviceId: Type.Optional(id('a device of that user, which is rung if it is registered')),
  to: Type.Optional(number('a number as it would be dialled')),
  destination: Type.Optional(number('a number as it would be dialled, instead of to')),
  organizationId: Type.Optional(id('an organisation')),
  callerId: Type.Optional(e164('a number')),
  displayName: Type.Optional(text('the name that the callee sees', 64)),
  withheld: Type.Optional(flag('the number is not shown')),
  ringTimeoutSeconds: Type.Optional(whole("seconds for which the user's own phone rings", 5, 120)),
  salesforceRecordId: Type.Optional(text('the record of a CRM', 64)),
  salesforceObjectType: Type.Optional(text('what the record is', 64)),
  salesforce: Type.Optional(
    fields({
      recordId: Type.Optional(text('the record of a CRM', 64)),
      objectType: Type.Optional(text('what the record is', 64)),
      createTask: Type.Optional(flag('a task is made of the call')),
    }),
  ),
  options: Type.Optional(Options),
})
type Body = Static<typeof Originate>

const Originated = Type.Object({
  success: Type.Literal(true),
  callId: Type.String(),
  callUuid: Type.String({ description: "the uuid of the call's A leg" }),
  status: Type.Literal('initiated'),
  timestamp: Type.String({ format: 'date-time' }),
})

export const addOriginateRoutes = (api: Api, needs: Needs): void => {
  for (const path of ['/v1/calls/originate', '/v1/originate']) {
    api.post(
      path,
      {
        config: { scope: 'calls:write' },
        schema: {
          tags: ['calls'],
          summary: 'Rings a phone, and when it is answered calls the number',
          description:
            'With an Idempotency-Key (1 to 255 visible characters, kept 24 hours) a repeated request gets the first answer and never dials twice; the same key with another body is 422.',
          body: Originate,
          response: answers(200, Originated, 402, 403, 404, 409, 413, 415, 422, 429, 503),
        },
        errorHandler: (fault, _request, reply) => {
          void send(reply, refusal(fault, needs.now()))
        },
      },
      async (request, reply) => {
        const organizationId = organizationWithin(request, request.body.organizationId, 'organizationId')
        // One name for both paths: they are one and the same request.
        const key = onceKeyOf(request, 'originate', organizationId)
        const wanted = readOriginate(request.body, organizationId, needs.doors.customHeaders)
        const callback = wanted.wish?.callback?.url
        const fault = callback === undefined ? undefined : needs.doors.webhooks.urlFault(callback)
        if (fault !== undefined)
          throw badInput('options.callbackUrl', `"options.callbackUrl" is refused: ${fault}`)
        if (key === undefined) return send(reply, (await originate(wanted, undefined, needs)).answer)
        const outcome = await needs.doors.once(key, (callId) => originate(wanted, callId, needs))
        if (outcome.kind === 'answered' && outcome.isRepeated)
          void reply.header('idempotency-replayed', 'true')
        return send(reply, answerOfOnce(outcome, needs.now()))
      },
    )
  }
}

/** What can be no other in a while is kept; what another try may change is not. */
const FINAL: ReadonlySet<number> = new Set([200, 400, 403, 404])

const originate = async (
  wanted: OriginateRequest,
  callId: CallUuid | undefined,
  { doors, now }: Pick<Needs, 'doors' | 'now'>,
): Promise<{ readonly answer: Answered; readonly isFinal: boolean }> => {
  const outcome = await doors.originate(callId === undefined ? wanted : { ...wanted, callId })
  const answer =
    outcome.kind === 'refused'
      ? refusal(
          new EngineError(outcome.code, outcome.message, {
            retryAfterSeconds: outcome.retryAfterSeconds,
            ...(outcome.code === 'INVALID_DESTINATION' ? { field: 'destination' } : {}),
          }),
          now(),
        )
      : initiated(outcome, now())
  return { answer, isFinal: FINAL.has(answer.status) }
}

const initiated = (
  { callId, callUuid = callId }: { readonly callId: CallUuid; readonly callUuid?: CallUuid },
  at: number,
): Answered => ({
  status: 200,
  body: { success: true, callId, callUuid, status: 'initiated', timestamp: iso(at) },
})

const answerOfOnce = (outcome: OnceOutcome, now: number): Answered => {
  switch (outcome.kind) {
    case 'answered':
      return outcome.answer
    case 'made':
      return initiated(outcome, outcome.at)
    case 'other-body':
      return refusal(
        new EngineError(
          'IDEMPOTENCY_KEY_REUSED',
          'this Idempotency-Key was sent with another body; take a new one for another call',
          { field: 'Idempotency-Key' },
        ),
        now,
      )
    case 'in-flight':
      return refusal(
        new EngineError(
          'IDEMPOTENCY_KEY_IN_FLIGHT',
          'the first request with this Idempotency-Key has no answer yet',
          {
            retryAfterSeconds: 2,
          },
        ),
        now,
      )
    case 'unknown':
      return refusal(
        new EngineError(
          'CALL_FATE_UNKNOWN',
          `the first request with this Idempotency-Key never got an answer, and it is not known whether call ${outcome.callId} was made; it is not made again`,
          { callId: outcome.callId },
        ),
        now,
      )
  }
}

/** The API's one shape of errors, with words for the person who calls. */
const refusal = (fault: unknown, now: number): Answered => {
  const { status, body } = answerOf(fault)
  const details = fault instanceof EngineError ? fault.details : {}
  const retryAfter = details['retryAfterSeconds']
  const callId = details['callId']
  return {
    status,
    body: {
      success: false,
      error: {
        ...body.error,
        userMessage:
          userMessageOfRefusal(body.error.code) ??
          (status >= 500
            ? 'The call could not be completed. Please try again.'
            : 'The call could not be started.'),
        timestamp: iso(now),
        ...(typeof retryAfter === 'number' ? { retryAfter } : {}),
        ...(typeof callId === 'string' ? { callId } : {}),
      },
    },
  }
}

const send = (reply: FastifyReply, { status, body }: Answered): FastifyReply => {
  const retryAfter = retryAfterIn(body)
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter))
  return reply.code(status).type('application/json; charset=utf-8').send(body)
}

const retryAfterIn = (body: unknown): number | undefined => {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  if (typeof error !== 'object' || error === null || !('retryAfter' in error)) return undefined
  return typeof error.retryAfter === 'number' ? error.retryAfter : undefined
}

const readOriginate = (
  body: Body,
  organizationId: number | undefined,
  allowedHeaders: readonly string[],
): OriginateRequest => {
  const { from, userId, deviceId } = body
  if (from !== undefined && userId !== undefined)
    throw badInput('userId', '"from" and "userId" say the same: send one of them')
  if (deviceId !== undefined && userId === undefined)
    throw badInput('deviceId', '"deviceId" goes with "userId"')
  const caller = from ?? (userId === undefined ? undefined : { userId, deviceId })
  if (caller === undefined)
    throw badInput('from', '"from" is missing: it takes an extension, or the user name of a device')
  const to = only('to', body.to, 'destination', body.destination)
  if (to === undefined) throw badInput('to', '"to" is missing: it takes a number as it would be dialled')
  if (!DIALLED.test(to)) {
    const field = body.to === undefined ? 'destination' : 'to'
    throw new EngineError(
      'INVALID_DESTINATION',
      `"${field}" takes a number as it would be dialled, in digits, *, # and a leading +`,
      { field },
    )
  }
  const wish = wishOf(body, allowedHeaders)
  return {
    from: caller,
    to,
    organizationId,
    callerId: body.callerId,
    ringTimeoutSeconds: body.ringTimeoutSeconds,
    ...(Object.keys(wish).length === 0 ? {} : { wish }),
  }
}

const wishOf = (body: Body, allowedHeaders: readonly string[]): Omit<CallWish, 'callerId'> => {
  const { options = {}, salesforce = {} } = body
  const { machineDetection, customHeaders } = options
  if (machineDetection?.action === 'leave-message' && machineDetection.messageFileId === undefined)
    throw badInput(
      'options.machineDetection.messageFileId',
      '"options.machineDetection.messageFileId" is missing: leave-message plays an audio file',
    )
  const bad = faultInHeaders(customHeaders ?? {}, allowedHeaders)
  if (bad !== undefined) {
    const field = `options.customHeaders.${bad.name.slice(0, 64).replace(/[^\x21-\x7e]|"/g, '?')}`
    throw badInput(field, `"${field}" is refused: ${bad.why}`)
  }
  const crm = given({
    recordId: only('salesforceRecordId', body.salesforceRecordId, 'salesforce.recordId', salesforce.recordId),
    objectType: only(
      'salesforceObjectType',
      body.salesforceObjectType,
      'salesforce.objectType',
      salesforce.objectType,
    ),
    createTask: salesforce.createTask,
  })
  return {
    ...given({
      withheld: body.withheld,
      displayName: body.displayName,
      maxDurationSeconds: options.maxDuration,
      ringTimeoutSeconds: options.timeout,
      recordCall: options.recordCall,
      recordingPolicyId: options.recordingPolicyId,
      earlyMedia: options.earlyMedia,
      answerConfirm: options.answerConfirm,
      machineDetection,
    }),
    ...(customHeaders === undefined || Object.keys(customHeaders).length === 0 ? {} : { customHeaders }),
    ...callbackOf(options),
    ...(Object.keys(crm).length === 0 ? {} : { crm }),
  }
}

const callbackOf = ({
  callbackUrl,
  callbackEvents,
}: NonNullable<Body['options']>): Pick<CallWish, 'callback'> => {
  if (callbackUrl === undefined) {
    if (callbackEvents === undefined) return {}
    throw badInput('options.callbackEvents', '"options.callbackEvents" goes with "options.callbackUrl"')
  }
  if (!URL.canParse(callbackUrl))
    throw badInput('options.callbackUrl', '"options.callbackUrl" takes a URL that begins with https://')
  return { callback: { url: new URL(callbackUrl).href, events: callbackEvents } }
}

/** Without the fields that nobody sent: what is carried on the channel stays short. */
const given = <Fields extends Record<string, unknown>>(all: Fields): Partial<Fields> =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<Fields>

/** The one that was sent; two that differ are a mistake that nobody should have to guess at. */
const only = <T>(
  name: string,
  value: T | undefined,
  other: string,
  otherValue: T | undefined,
): T | undefined => {
  if (value !== undefined && otherValue !== undefined && value !== otherValue)
    throw badInput(name, `"${name}" and "${other}" say the same and differ: send one of them`)
  return value ?? otherValue
}
