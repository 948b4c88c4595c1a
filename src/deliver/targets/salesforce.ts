/**
 * Salesforce by its REST API: the call as a CallReporting__c record, made or changed by its external id, and, where the
 * call asked for it, a Task with the fields of Open CTI (TaskSubtype Call, CallType, CallDurationInSeconds,
 * CallDisposition, CallObject). A Task has no external id of its own: CallObject holds the call's id, and is looked for
 * before one is made whose making may have succeeded before.
 */
import {
  faultOf,
  faultOfStatus,
  fieldOf,
  idIn,
  isFault,
  isTaken,
  messageIn,
  type Answer,
  type Fault,
} from './exchange.ts'
import { compileMapping, without, type Rendered, type Sections } from './mapping.ts'
import { fieldReader, type FieldReader } from './settings.ts'
import type { Piece, Put, PutContext, Target, TargetType } from './target.ts'
import type { Grant } from './token.ts'

const DIRECTION = { inbound: 'Inbound', outbound: 'Outbound', internal: 'Service' } as const

const DEFAULTS: Sections = {
  callReporting: {
    From_UUID__c: 'aLeg.legUuid',
    To_UUID__c: 'bLeg.legUuid',
    Call_Direction__c: { path: 'call.direction', map: DIRECTION },
    From_Number__c: { path: 'call.from', maxLength: 32 },
    To_Number__c: { path: 'call.to', maxLength: 32 },
    From_Start_Time__c: 'call.startTime',
    From_Answer_Time__c: 'call.answerTime',
    From_End_Time__c: 'call.endTime',
    From_Time_Talking__c: 'call.talkSeconds',
    From_Time_Ringing__c: 'call.ringSeconds',
    From_Hangup_Cause__c: { path: 'call.hangupCause', maxLength: 32 },
    From_AVS_User__c: 'caller.vendorId',
    To_AVS_User__c: 'callee.vendorId',
    From_Flag_Record__c: 'call.recorded',
    RecordingURL1__c: 'call.recordingUrl',
    Account__c: 'crm.accountId',
    Contact__c: 'crm.contactId',
    Lead__c: 'crm.leadId',
  },
  task: {
    Subject: { template: 'Call: {call.from} to {call.to}', maxLength: 255 },
    Description: 'call.summary',
    TaskSubtype: { value: 'Call' },
    Status: { value: 'Completed' },
    Priority: { value: 'Normal' },
    ActivityDate: { path: 'call.startTime', format: 'date' },
    CallType: {
      path: 'call.direction',
      map: { inbound: 'Inbound', outbound: 'Outbound', internal: 'Internal' },
    },
    CallDurationInSeconds: 'call.talkSeconds',
    CallDisposition: 'call.disposition',
    CallObject: 'call.id',
    WhoId: 'crm.whoId',
    WhatId: 'crm.whatId',
    OwnerId: 'user.vendorId',
  },
}

/** Of Summer ’26: every org has it. */
const API_VERSION = '67.0'
const NAME = /^[A-Za-z]\w{0,79}$/
/** A limit of the day does not end soon, and no Retry-After says when. */
const LIMIT_PAUSE_MS = 15 * 60_000

export const salesforce: TargetType = {
  defaults: DEFAULTS,
  open: ({ settings, mapping, credentials }, urlFault) => {
    const read = fieldReader('settings', settings, urlFault)
    const loginUrl = read.url('loginUrl')
    const version = read.matching(
      'apiVersion',
      /^[1-9]\d{1,2}\.0$/,
      'it takes a version such as 67.0',
      API_VERSION,
    )
    const object = read.matching('object', NAME, 'it takes the API name of an object', 'CallReporting__c')
    const key = read.matching('externalIdField', NAME, 'it takes the API name of a field', 'From_UUID__c')
    const taskKey = read.matching(
      'taskExternalIdField',
      /^(?:[A-Za-z]\w{0,79})?$/,
      'it takes the API name of a field',
      '',
    )
    const task = read.choice('task', ['when-asked', 'always', 'never'], 'when-asked')
    const audience = read.url('audience', 'https://login.salesforce.com')
    const common = read.common()
    read.end()
    const sections = compileMapping(mapping, DEFAULTS)
    const grant =
      credentials === undefined
        ? undefined
        : grantOf(fieldReader('credentials', credentials), loginUrl, audience)
    const below = `/services/data/v${version}`

    const upsertPath = (name: string, field: string, { content }: Piece, callId: string): string => {
      const id = content[field]
      return `${below}/sobjects/${name}/${field}/${encodeURIComponent(typeof id === 'string' ? id : callId)}`
    }

    /** Salesforce refuses the external id in the body too. */
    const upsert = async (
      name: string,
      field: string,
      piece: Piece,
      context: PutContext,
    ): Promise<Put | Fault> => {
      const body = without(piece.content, field)
      const answer = await context.ask({
        method: 'PATCH',
        path: upsertPath(name, field, piece, context.callId),
        body,
      })
      if (isFault(answer)) return answer
      if (isTaken(answer))
        return {
          did: answer.status === 201 ? 'created' : 'updated',
          externalId: idIn(answer.json, 'id') ?? context.known?.externalId,
        }
      if (answer.status === 300) return faultOf('refused', 300, `${field} is of several records of ${name}`)
      // Two that made it at once: whoever came second is told the first one's id.
      const other = duplicateOf(answer)
      return other === undefined ? faultIn(answer) : update(name, other, body, context)
    }

    const update = async (
      name: string,
      id: string,
      body: Rendered,
      { ask }: PutContext,
    ): Promise<Put | Fault> => {
      const answer = await ask({
        method: 'PATCH',
        path: `${below}/sobjects/${name}/${encodeURIComponent(id)}`,
        body,
      })
      if (isFault(answer)) return answer
      if (isTaken(answer)) return { did: 'updated', externalId: id }
      return isGone(answer) ? { did: 'gone', externalId: id } : faultIn(answer)
    }

    const putTask = async (piece: Piece, context: PutContext): Promise<Put | Fault> => {
      const { known, ask } = context
      if (known?.externalId !== undefined) {
        const put = await update('Task', known.externalId, piece.content, context)
        if (isFault(put) || put.did !== 'gone' || !context.isReplay) return put
      } else if (known !== undefined) {
        const found = await findTask(piece, context)
        if (typeof found !== 'string' && found !== undefined) return found
        if (found !== undefined) return update('Task', found, piece.content, context)
      }
      await context.begin()
      const answer = await ask({ method: 'POST', path: `${below}/sobjects/Task`, body: piece.content })
      if (isFault(answer)) return answer
      if (!isTaken(answer)) return faultIn(answer)
      return { did: 'created', externalId: idIn(answer.json, 'id') }
    }

    const findTask = async ({ content }: Piece, { ask }: PutContext): Promise<string | Fault | undefined> => {
      const said = content['CallObject']
      if (typeof said !== 'string') return undefined
      const soql = `SELECT Id FROM Task WHERE CallObject = '${said.replace(/[\\']/g, '\\$&')}' LIMIT 1`
      const answer = await ask({ method: 'GET', path: `${below}/query?q=${encodeURIComponent(soql)}` })
      if (isFault(answer)) return answer
      if (!isTaken(answer)) return faultIn(answer)
      const records = fieldOf(answer.json, 'records')
      return Array.isArray(records) ? idIn(records[0], 'Id') : undefined
    }

    const target: Target = {
      base: loginUrl,
      grant,
      common,
      authorise: (headers, token) => ({ ...headers, authorization: `Bearer ${token?.token ?? ''}` }),
      pieces: (facts) => {
        const wantsTask = task === 'always' || (task === 'when-asked' && createTaskOf(facts.a.custom))
        return [
          { object, content: sections['callReporting']?.(facts) ?? {} },
          ...(wantsTask ? [{ object: 'Task', content: sections['task']?.(facts) ?? {} }] : []),
        ]
      },
      preview: (piece, callId) => {
        const field = piece.object === object ? key : taskKey
        if (field === '') return { method: 'POST', path: `${below}/sobjects/Task`, body: piece.content }
        const body = without(piece.content, field)
        return { method: 'PATCH', path: upsertPath(piece.object, field, piece, callId), body }
      },
      put: (piece, context) => {
        if (piece.object === object) return upsert(object, key, piece, context)
        return taskKey === '' ? putTask(piece, context) : upsert('Task', taskKey, piece, context)
      },
    }
    return target
  },
}

const createTaskOf = (custom: Readonly<Record<string, unknown>> | undefined): boolean =>
  fieldOf(custom?.['crm'], 'createTask') === true

const grantOf = (read: FieldReader, loginUrl: string, audience: string): Grant => {
  const flow = read.choice('flow', ['refresh-token', 'client-credentials', 'jwt-bearer'])
  const tokenUrl = `${loginUrl}/services/oauth2/token`
  const clientId = read.text('clientId')
  const grant: Grant =
    flow === 'refresh-token'
      ? {
          type: flow,
          tokenUrl,
          clientId,
          clientSecret: read.optionalText('clientSecret'),
          refreshToken: read.text('refreshToken', 2_000),
          as: 'form',
        }
      : flow === 'client-credentials'
        ? {
            type: flow,
            tokenUrl,
            clientId,
            clientSecret: read.text('clientSecret'),
            scope: undefined,
            as: 'form',
          }
        : {
            type: flow,
            tokenUrl,
            clientId,
            username: read.text('username'),
            audience,
            privateKey: read.text('privateKey', 8_000),
          }
  read.end()
  return grant
}

const codeIn = ({ json }: Answer): string => {
  const code = fieldOf(Array.isArray(json) ? json[0] : json, 'errorCode')
  return typeof code === 'string' ? code : ''
}

const isGone = (answer: Answer): boolean =>
  answer.status === 404 || answer.status === 410 || codeIn(answer) === 'ENTITY_IS_DELETED'

const duplicateOf = (answer: Answer): string | undefined =>
  codeIn(answer) === 'DUPLICATE_VALUE'
    ? /record with id: ([A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)\b/.exec(messageIn(answer))?.[1]
    : undefined

/** What Salesforce's own codes say beyond the status (REST API, "Status Codes and Error Responses"). */
const faultIn = (answer: Answer): Fault => {
  const fault = faultOfStatus(answer)
  const code = codeIn(answer)
  if (code === 'REQUEST_LIMIT_EXCEEDED')
    return { ...fault, kind: 'busy', retryAfterMs: Math.max(fault.retryAfterMs, LIMIT_PAUSE_MS) }
  if (AGAIN.has(code)) return { ...fault, kind: 'again' }
  return fault
}

const AGAIN: ReadonlySet<string> = new Set([
  'UNABLE_TO_LOCK_ROW',
  'DUPLICATE_VALUE',
  'SERVER_UNAVAILABLE',
  'QUERY_TIMEOUT',
  'STORAGE_LIMIT_EXCEEDED',
])
