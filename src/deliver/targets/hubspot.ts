/**
 * HubSpot by its CRM objects: a call engagement (`calls`), associated with the record that was named with the call. Its
 * id is remembered, so that what comes later changes it. A property with unique values, where the account has one, keeps
 * a call from standing there twice; without it, one whose making may have succeeded is looked for by
 * hs_call_external_id first, which HubSpot's search finds after some seconds only.
 *
 * API keys ended in November 2022: a private app's token, or OAuth (/oauth/2026-03/token: /oauth/v1/token ends in
 * February 2027).
 */
import type { CallFacts } from './call-paths.ts'
import { faultOfStatus, fieldOf, idIn, isFault, isTaken, messageIn, type Fault } from './exchange.ts'
import { compileMapping, type Rendered, type Sections } from './mapping.ts'
import { fieldReader, type FieldReader } from './settings.ts'
import type { Piece, Put, PutContext, TargetType } from './target.ts'
import type { Grant } from './token.ts'

/** HubSpot's own call outcomes (Calls API, hs_call_disposition). */
const OUTCOMES = {
  ANSWERED: 'f240bbac-87c9-4f6e-bf70-924b57d47db7',
  NO_ANSWER: '73a0d17f-1163-4015-bdd5-ec830791da20',
  CANCELLED: '73a0d17f-1163-4015-bdd5-ec830791da20',
  BUSY: '9d9162e7-6cf3-4944-bf63-4dff82258764',
} as const

const DEFAULTS: Sections = {
  call: {
    hs_timestamp: 'call.startTime',
    hs_call_title: { template: 'Call: {call.from} to {call.to}' },
    hs_call_body: 'call.summary',
    hs_call_direction: { path: 'call.direction', map: { inbound: 'INBOUND' }, default: 'OUTBOUND' },
    hs_call_duration: { path: 'call.talkSeconds', format: 'milliseconds' },
    hs_call_from_number: 'call.from',
    hs_call_to_number: 'call.to',
    hs_call_status: {
      path: 'call.disposition',
      map: { ANSWERED: 'COMPLETED', NO_ANSWER: 'NO_ANSWER', BUSY: 'BUSY', CANCELLED: 'CANCELED' },
      default: 'FAILED',
    },
    hs_call_disposition: { path: 'call.disposition', map: OUTCOMES },
    hs_call_recording_url: 'call.recordingUrl',
    hs_call_external_id: 'call.id',
    hubspot_owner_id: 'user.vendorId',
  },
}

/** From a call to another object, HubSpot's own (Associations API, "Association type IDs"). */
const ASSOCIATIONS: Readonly<Record<string, number>> = {
  contact: 194,
  company: 182,
  account: 182,
  deal: 206,
  ticket: 220,
}

const calls = '/crm/v3/objects/calls'
const PROPERTY = /^(?:[a-z]\w{0,99})?$/

export const hubspot: TargetType = {
  defaults: DEFAULTS,
  open: ({ settings, mapping, credentials }, urlFault) => {
    const read = fieldReader('settings', settings, urlFault)
    const base = read.url('baseUrl', 'https://api.hubapi.com')
    const unique = read.matching('uniqueProperty', PROPERTY, 'it takes the name of a property', '')
    const common = read.common()
    read.end()
    const sections = compileMapping(mapping, DEFAULTS)
    const access =
      credentials === undefined ? undefined : accessOf(fieldReader('credentials', credentials), base)

    const update = async (id: string, { content }: Piece, { ask }: PutContext): Promise<Put | Fault> => {
      const answer = await ask({
        method: 'PATCH',
        path: `${calls}/${encodeURIComponent(id)}`,
        body: { properties: textual(content['properties']) },
      })
      if (isFault(answer)) return answer
      if (isTaken(answer)) return { did: 'updated', externalId: id }
      return answer.status === 404 || answer.status === 410
        ? { did: 'gone', externalId: id }
        : faultOfStatus(answer)
    }

    /** By the unique property at once, by the other one when HubSpot has indexed it. */
    const find = async (piece: Piece, { ask, callId }: PutContext): Promise<string | Fault | undefined> => {
      const answer =
        unique === ''
          ? await ask({
              method: 'POST',
              path: `${calls}/search`,
              body: {
                filterGroups: [
                  {
                    filters: [
                      {
                        propertyName: 'hs_call_external_id',
                        operator: 'EQ',
                        value: externalIdOf(piece, callId),
                      },
                    ],
                  },
                ],
                limit: 1,
              },
            })
          : await ask({ method: 'GET', path: `${calls}/${callId}?idProperty=${unique}` })
      if (isFault(answer)) return answer
      if (answer.status === 404) return undefined
      if (!isTaken(answer)) return faultOfStatus(answer)
      const results = fieldOf(answer.json, 'results')
      return idIn(Array.isArray(results) ? results[0] : answer.json, 'id')
    }

    return {
      base,
      grant: access?.grant,
      common,
      authorise: (headers, token) => ({
        ...headers,
        authorization: `Bearer ${access?.token ?? token?.token ?? ''}`,
      }),
      pieces: (facts) => {
        const properties = sections['call']?.(facts) ?? {}
        return [
          {
            object: 'call',
            content: {
              properties: unique === '' ? properties : { ...properties, [unique]: facts.a.callId },
              ...associationsOf(facts),
            },
          },
        ]
      },
      preview: ({ content }) => ({ method: 'POST', path: calls, body: bodyOf(content) }),
      put: async (piece, context) => {
        const { known, ask } = context
        if (known?.externalId !== undefined) {
          const put = await update(known.externalId, piece, context)
          if (isFault(put) || put.did !== 'gone' || !context.isReplay) return put
        } else if (known !== undefined) {
          const found = await find(piece, context)
          if (typeof found === 'string') return update(found, piece, context)
          if (found !== undefined) return found
        }
        await context.begin()
        const answer = await ask({ method: 'POST', path: calls, body: bodyOf(piece.content) })
        if (isFault(answer)) return answer
        if (isTaken(answer)) return { did: 'created', externalId: idIn(answer.json, 'id') }
        if (answer.status !== 409) return faultOfStatus(answer)
        const existing =
          /Existing ID:\s*(\d{1,20})/i.exec(messageIn(answer))?.[1] ?? (await find(piece, context))
        if (existing === undefined) return faultOfStatus(answer)
        return typeof existing === 'string' ? update(existing, piece, context) : existing
      },
    }
  },
}

const externalIdOf = ({ content }: Piece, callId: string): string => {
  const said = fieldOf(content['properties'], 'hs_call_external_id')
  return typeof said === 'string' ? said : callId
}

/** In the content as text, so that a mapping renders nothing but what it says; in the body as HubSpot takes it. */
const associationsOf = ({ a }: CallFacts): Rendered => {
  const crm = a.custom?.['crm']
  const id = idIn(crm, 'recordId')
  const objectType = fieldOf(crm, 'objectType')
  const type = typeof objectType === 'string' ? objectType.toLowerCase() : ''
  return id !== undefined && /^\d{1,20}$/.test(id) && Object.hasOwn(ASSOCIATIONS, type)
    ? { about: { [type]: id } }
    : {}
}

/** Values of properties are text, whatever they stand for. */
const textual = (properties: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries((properties ?? {}) as Readonly<Record<string, unknown>>).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )

const bodyOf = ({ properties, about }: Rendered): Readonly<Record<string, unknown>> => ({
  properties: textual(properties),
  ...(typeof about === 'object'
    ? {
        associations: Object.entries(about).map(([type, id]) => ({
          to: { id },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: ASSOCIATIONS[type] }],
        })),
      }
    : {}),
})

const accessOf = (
  read: FieldReader,
  base: string,
): { readonly token: string | undefined; readonly grant: Grant | undefined } => {
  const flow = read.choice('flow', ['private-app', 'refresh-token'])
  const access =
    flow === 'private-app'
      ? { token: read.text('accessToken', 2_000), grant: undefined }
      : {
          token: undefined,
          grant: {
            type: flow,
            tokenUrl: `${base}/oauth/2026-03/token`,
            clientId: read.text('clientId'),
            clientSecret: read.text('clientSecret'),
            refreshToken: read.text('refreshToken', 2_000),
            as: 'form',
          } as const,
        }
  read.end()
  return access
}
