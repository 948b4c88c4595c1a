/**
 * A server of the customer's: the call as one JSON object, signed as webhooks are, with credentials where it wants some.
 * Idempotency-Key is the same for the same content of the same call, so that a receiver can drop what it has; a corrected
 * call comes again with `strowger-update: true`.
 */
import { createHash } from 'node:crypto'
import { SIGNATURE_HEADER, signatureOf } from '../sign.ts'
import { faultOfStatus, idIn, isFault, isTaken } from './exchange.ts'
import { compileMapping, type Sections } from './mapping.ts'
import { fieldReader, type FieldReader } from './settings.ts'
import type { TargetType } from './target.ts'
import type { Grant } from './token.ts'

const DEFAULTS: Sections = {
  body: {
    callId: 'call.id',
    organizationId: 'organization.id',
    direction: 'call.direction',
    from: 'call.from',
    to: 'call.to',
    dialled: 'call.dialled',
    startTime: 'call.startTime',
    answerTime: 'call.answerTime',
    endTime: 'call.endTime',
    durationSeconds: 'call.durationSeconds',
    billableSeconds: 'call.billableSeconds',
    disposition: 'call.disposition',
    hangupCause: 'call.hangupCause',
    sipStatus: 'call.sipStatus',
    userId: 'user.id',
    carrier: 'call.carrier',
    gateway: 'call.gateway',
    cost: 'call.cost',
    costCurrency: 'call.costCurrency',
    price: 'call.price',
    priceCurrency: 'call.priceCurrency',
    tax: 'call.tax',
    recordingIds: 'call.recordingIds',
    estimated: 'call.estimated',
    simulated: 'call.simulated',
    'legs.a': 'aLeg.legUuid',
    'legs.b': 'bLeg.legUuid',
    'crm.recordId': 'crm.recordId',
    'crm.objectType': 'crm.objectType',
  },
}

export const billing: TargetType = {
  defaults: DEFAULTS,
  open: ({ settings, mapping, credentials }, urlFault) => {
    const read = fieldReader('settings', settings, urlFault)
    const url = read.url('url')
    const method = read.choice('method', ['POST', 'PUT'], 'POST')
    const common = read.common()
    read.end()
    const sections = compileMapping(mapping, DEFAULTS)
    const access =
      credentials === undefined
        ? { header: undefined, grant: undefined, secret: undefined }
        : accessOf(fieldReader('credentials', credentials, urlFault))
    return {
      base: '',
      grant: access.grant,
      common,
      authorise: (headers, token, body) => {
        const header = access.header ?? (token === undefined ? undefined : `Bearer ${token.token}`)
        const at = Number(headers['strowger-time'] ?? 0)
        return {
          ...headers,
          ...(header === undefined ? {} : { authorization: header }),
          ...(access.secret === undefined
            ? {}
            : { [SIGNATURE_HEADER]: signatureOf([access.secret], body, at) }),
        }
      },
      pieces: (facts) => [{ object: 'record', content: sections['body']?.(facts) ?? {} }],
      preview: ({ content }) => ({ method, path: url, body: content }),
      put: async ({ content }, { ask, known, callId, now }) => {
        const isUpdate = known?.digest !== undefined
        const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32)
        const answer = await ask({
          method,
          path: url,
          headers: {
            'strowger-call-id': callId,
            'strowger-time': String(now),
            'strowger-update': String(isUpdate),
            'idempotency-key': `${callId}-${digest}`,
          },
          body: content,
        })
        if (isFault(answer)) return answer
        if (isTaken(answer))
          return {
            did: isUpdate ? 'updated' : 'created',
            externalId: idIn(answer.json, 'id') ?? known?.externalId,
          }
        return faultOfStatus(answer)
      },
    }
  },
}

type Access = {
  readonly header: string | undefined
  readonly grant: Grant | undefined
  readonly secret: string | undefined
}

const accessOf = (read: FieldReader): Access => {
  const flow = read.choice('flow', ['none', 'bearer', 'basic', 'client-credentials'], 'none')
  const secret = read.optionalText('signingSecret', 200)
  const access = ((): Access => {
    if (flow === 'bearer') return { header: `Bearer ${read.text('token', 4_000)}`, grant: undefined, secret }
    if (flow === 'basic') {
      const basic = Buffer.from(`${read.text('username')}:${read.text('password')}`).toString('base64')
      return { header: `Basic ${basic}`, grant: undefined, secret }
    }
    if (flow === 'none') return { header: undefined, grant: undefined, secret }
    return {
      header: undefined,
      secret,
      grant: {
        type: flow,
        tokenUrl: read.url('tokenUrl'),
        clientId: read.text('clientId'),
        clientSecret: read.text('clientSecret'),
        scope: read.optionalText('scope'),
        as: 'form',
      },
    }
  })()
  read.end()
  return access
}
