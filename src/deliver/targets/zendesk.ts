/**
 * Zendesk by its Support API: a ticket for each call, or a comment on the ticket that was named with the call; with the
 * mode `voice-comment` the comment is the one of calls (Talk Partner Edition), with numbers, duration and recording.
 *
 * Making a ticket carries an Idempotency-Key, which Zendesk remembers for two hours; after that, and for comments, what
 * may have been made already is looked for first. No e-mail address of a caller is known to a telephone, so the default
 * names no requester: the ticket is the agent's whose credentials these are.
 *
 * API tokens can no longer be made, and end on 30 April 2027: OAuth is what new targets use.
 */
import type { CallFacts } from './call-paths.ts'
import { faultOfStatus, fieldOf, idIn, isFault, isTaken, type Answer, type Fault } from './exchange.ts'
import { bad, compileMapping, without, type Rendered, type Sections } from './mapping.ts'
import { fieldReader, type FieldReader } from './settings.ts'
import type { Piece, Put, PutContext, TargetType } from './target.ts'
import type { Grant } from './token.ts'

const DEFAULTS: Sections = {
  ticket: {
    subject: { template: 'Call from {call.from}', maxLength: 150 },
    'comment.body': { template: '{call.summary}. Began {call.startTime}, call {call.id}.' },
    priority: { value: 'normal' },
    status: { value: 'new' },
    external_id: 'call.id',
  },
  voiceComment: {
    from: { path: 'call.from', default: 'unknown' },
    to: { path: 'call.to', default: 'unknown' },
    recording_url: 'call.recordingUrl',
    started_at: 'call.startTime',
    call_duration: 'call.talkSeconds',
    answered_by_id: 'callee.vendorId',
    transcription_text: { template: '{call.summary}. Call {call.id}.' },
  },
}

const MODES = ['ticket', 'voice-comment'] as const
/** How a ticket came in (Talk Partner Edition API): a call to us, a call of ours. */
const VIA_INBOUND = 45
const VIA_OUTBOUND = 46

export const zendesk: TargetType = {
  defaults: DEFAULTS,
  open: ({ settings, mapping, credentials }, urlFault) => {
    const read = fieldReader('settings', settings, urlFault)
    const subdomain = read.matching('subdomain', /^(?:[a-z0-9][a-z0-9-]{0,62})?$/, 'it takes a subdomain', '')
    const ownBase = read.optionalText('baseUrl')
    if (subdomain === '' && ownBase === undefined) throw bad('settings.subdomain', 'it is missing')
    const base = ownBase === undefined ? `https://${subdomain}.zendesk.com` : read.url('baseUrl')
    const mode = read.choice('mode', MODES, 'ticket')
    const common = read.common()
    read.end()
    const sections = compileMapping(mapping, DEFAULTS)
    const access =
      credentials === undefined ? undefined : accessOf(fieldReader('credentials', credentials), base)
    const isVoice = mode === 'voice-comment'
    const createPath = isVoice ? '/api/v2/channels/voice/tickets' : '/api/v2/tickets'

    const put = async (piece: Piece, context: PutContext): Promise<Put | Fault> => {
      const { known, ask, callId } = context
      const named = ticketOf(piece)
      if (known?.externalId !== undefined) {
        const again = await change(known.externalId, correctionOf(piece), context, 'updated')
        if (isFault(again) || again.did !== 'gone' || !context.isReplay || named !== undefined) return again
      } else if (known !== undefined) {
        const found = named === undefined ? await findTicket(context) : await findComment(named, context)
        if (typeof found === 'string') return change(found, correctionOf(piece), context, 'updated')
        if (found !== undefined) return found
      }
      await context.begin()
      if (named !== undefined) return change(named, commentOf(piece), context, 'created')
      const answer = await ask({
        method: 'POST',
        path: createPath,
        headers: { 'idempotency-key': callId },
        body: bodyOf(piece),
      })
      if (isFault(answer)) return answer
      return isTaken(answer)
        ? { did: 'created', externalId: idIn(fieldOf(answer.json, 'ticket'), 'id') }
        : faultIn(answer)
    }

    const change = async (
      ticketId: string,
      ticket: Rendered,
      { ask }: PutContext,
      did: 'created' | 'updated',
    ): Promise<Put | Fault> => {
      const answer = await ask({
        method: 'PUT',
        path: `/api/v2/tickets/${encodeURIComponent(ticketId)}`,
        body: { ticket },
      })
      if (isFault(answer)) return answer
      if (isTaken(answer)) return { did, externalId: ticketId }
      return answer.status === 404 || answer.status === 410
        ? { did: 'gone', externalId: ticketId }
        : faultIn(answer)
    }

    const findTicket = async ({ ask, callId }: PutContext): Promise<string | Fault | undefined> => {
      const answer = await ask({ method: 'GET', path: `/api/v2/tickets?external_id=${callId}` })
      if (isFault(answer)) return answer
      if (!isTaken(answer)) return faultIn(answer)
      const tickets = fieldOf(answer.json, 'tickets')
      return Array.isArray(tickets) ? idIn(tickets[0], 'id') : undefined
    }

    /** The ticket's id where one of its last comments speaks of the call. */
    const findComment = async (
      ticketId: string,
      { ask, callId }: PutContext,
    ): Promise<string | Fault | undefined> => {
      const answer = await ask({
        method: 'GET',
        path: `/api/v2/tickets/${encodeURIComponent(ticketId)}/comments?sort=-created_at&page[size]=100`,
      })
      if (isFault(answer)) return answer
      if (answer.status === 404) return undefined
      if (!isTaken(answer)) return faultIn(answer)
      return answer.text.includes(callId) ? ticketId : undefined
    }

    return {
      base,
      grant: access?.grant,
      common,
      authorise: (headers, token) => ({
        ...headers,
        authorization: access?.header ?? `Bearer ${token?.token ?? ''}`,
      }),
      pieces: (facts) => [
        {
          object: 'ticket',
          content: {
            ticket: arraysIn({
              ...sections['ticket']?.(facts),
              ...(isVoice
                ? {
                    via_id: facts.a.direction === 'inbound' ? VIA_INBOUND : VIA_OUTBOUND,
                    voice_comment: sections['voiceComment']?.(facts) ?? {},
                  }
                : {}),
            }),
            ...namedTicket(facts),
          },
        },
      ],
      preview: (piece) => {
        const named = ticketOf(piece)
        return named === undefined
          ? { method: 'POST', path: createPath, body: bodyOf(piece) }
          : { method: 'PUT', path: `/api/v2/tickets/${named}`, body: { ticket: commentOf(piece) } }
      },
      put,
    }
  },
}

/** The ticket that was named with the call, kept beside what is rendered. */
const namedTicket = ({ a }: CallFacts): Rendered => {
  const crm = a.custom?.['crm']
  const id = idIn(crm, 'recordId')
  const objectType = fieldOf(crm, 'objectType')
  return typeof objectType === 'string' &&
    objectType.toLowerCase() === 'ticket' &&
    id !== undefined &&
    /^\d{1,20}$/.test(id)
    ? { about: id }
    : {}
}

const ticketOf = ({ content }: Piece): string | undefined =>
  typeof content['about'] === 'string' ? content['about'] : undefined

const ticketIn = ({ content }: Piece): Rendered => (content['ticket'] ?? {}) as Rendered

/** A ticket with a voice comment has no other one (Talk Partner Edition API). */
const bodyOf = (piece: Piece): Readonly<Record<string, unknown>> => {
  const ticket = ticketIn(piece)
  return { ticket: ticket['voice_comment'] === undefined ? ticket : without(ticket, 'comment') }
}

/** On a ticket of somebody else nothing but the comment is ours. */
const commentOf = (piece: Piece): Rendered => {
  const { comment, voice_comment: voice } = ticketIn(piece)
  return voice === undefined ? { comment: comment ?? {} } : { voice_comment: voice }
}

/** What has changed is told in a comment for agents; the status is theirs by now. */
const correctionOf = (piece: Piece): Rendered => {
  const ticket = ticketIn(piece)
  const { comment, voice_comment: voice } = ticket
  const said = fieldOf(comment, 'body') ?? fieldOf(voice, 'transcription_text')
  return {
    ...(ticketOf(piece) === undefined ? without(ticket, 'comment', 'voice_comment', 'via_id', 'status') : {}),
    comment: { body: `Corrected: ${typeof said === 'string' ? said : ''}`, public: false as boolean },
  }
}

/** Custom fields are a list at Zendesk: `custom_fields.360001` in a mapping. */
const arraysIn = (ticket: Rendered): Rendered => {
  const { custom_fields: fields, ...rest } = ticket
  if (typeof fields !== 'object' || Array.isArray(fields)) return ticket
  const list = Object.entries(fields).map(([id, value]) => ({ id: Number(id), value }))
  return { ...rest, custom_fields: list as unknown as Rendered }
}

/** 409: somebody else changes the ticket at the same moment. */
const faultIn = (answer: Answer): Fault => {
  const fault = faultOfStatus(answer)
  return answer.status === 409 ? { ...fault, kind: 'again' } : fault
}

const accessOf = (
  read: FieldReader,
  base: string,
): { readonly header: string | undefined; readonly grant: Grant | undefined } => {
  const flow = read.choice('flow', ['refresh-token', 'client-credentials', 'access-token', 'api-token'])
  const tokenUrl = `${base}/oauth/tokens`
  const access = ((): { readonly header: string | undefined; readonly grant: Grant | undefined } => {
    if (flow === 'api-token') {
      const basic = Buffer.from(`${read.text('email')}/token:${read.text('apiToken')}`).toString('base64')
      return { header: `Basic ${basic}`, grant: undefined }
    }
    if (flow === 'access-token')
      return { header: `Bearer ${read.text('accessToken', 2_000)}`, grant: undefined }
    const clientId = read.text('clientId')
    const clientSecret = read.text('clientSecret')
    return {
      header: undefined,
      grant:
        flow === 'refresh-token'
          ? {
              type: flow,
              tokenUrl,
              clientId,
              clientSecret,
              refreshToken: read.text('refreshToken', 2_000),
              as: 'json',
            }
          : {
              type: flow,
              tokenUrl,
              clientId,
              clientSecret,
              scope: read.optionalText('scope') ?? 'read write',
              as: 'json',
            },
    }
  })()
  read.end()
  return access
}
