/**
 * Google Analytics 4 by the measurement protocol: two events a call, one for its begin and one for its end. It answers 204
 * to whatever it gets and counts what it likes, so what it would drop is refused here: names, numbers of parameters,
 * lengths, an age of more than 72 hours. What a person sends again is shown to the validation server first. Nothing that
 * was sent can be changed: a later correction is noted, not sent.
 *
 * Google's terms forbid personal data: the default sends no telephone number. Universal Analytics ended in July 2024.
 */
import { faultOf, faultOfStatus, fieldOf, isFault, isTaken, type Fault } from './exchange.ts'
import { bad, compileMapping, type JsonValue, type Rendered, type Sections } from './mapping.ts'
import { fieldReader } from './settings.ts'
import type { PutContext, TargetType } from './target.ts'

const DEFAULTS: Sections = {
  identity: { client_id: 'call.id' },
  callInitiated: {
    call_id: 'call.id',
    direction: 'call.direction',
  },
  callCompleted: {
    call_id: 'call.id',
    direction: 'call.direction',
    duration: 'call.talkSeconds',
    outcome: 'call.disposition',
    engagement_time_msec: { path: 'call.talkSeconds', format: 'milliseconds' },
  },
}

const REGIONS = {
  global: 'https://www.google-analytics.com',
  eu: 'https://region1.google-analytics.com',
} as const
/** Measurement protocol, "Limitations". */
const MOST_PARAMETERS = 25
const MOST_VALUE = 100
const MOST_AGE_MS = 72 * 3_600_000
const EVENT = /^(?:[A-Za-z]\w{0,39})?$/

export const ga4: TargetType = {
  defaults: DEFAULTS,
  open: ({ settings, mapping, credentials }, urlFault) => {
    const read = fieldReader('settings', settings, urlFault)
    const measurementId = read.matching(
      'measurementId',
      /^G-[A-Z0-9]{4,20}$/,
      'it takes an id such as G-AB12CD34EF',
    )
    const region = read.choice('region', ['global', 'eu'], 'global')
    const base = read.url('baseUrl', REGIONS[region])
    const name = (field: string, otherwise: string): string =>
      read.matching(field, EVENT, 'it takes an event name of at most 40 letters, digits and _', otherwise)
    const initiated = name('initiatedEvent', 'call_initiated')
    const completed = name('completedEvent', 'call_completed')
    const common = read.common()
    read.end()
    checkParameters(mapping)
    const sections = compileMapping(mapping, DEFAULTS)
    const secret = credentials === undefined ? '' : secretOf(credentials)

    const event = (of: string, at: number, parameters: Rendered): Rendered => ({
      name: of,
      timestamp_micros: at * 1_000,
      params: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, clipped(value)])),
    })

    const post = async (content: Rendered, path: string, { ask }: PutContext): Promise<Fault | Rendered> => {
      const answer = await ask({
        method: 'POST',
        path: `${path}?measurement_id=${measurementId}&api_secret=${encodeURIComponent(secret)}`,
        body: content,
      })
      if (isFault(answer)) return answer
      if (!isTaken(answer)) return faultOfStatus(answer)
      const messages = fieldOf(answer.json, 'validationMessages')
      if (!Array.isArray(messages) || messages.length === 0) return {}
      return faultOf('refused', answer.status, `it is not valid: ${JSON.stringify(messages).slice(0, 300)}`)
    }

    return {
      base,
      grant: undefined,
      common,
      authorise: (headers) => headers,
      pieces: (facts) => {
        const identity = sections['identity']?.(facts) ?? {}
        const events = [
          ...(initiated === ''
            ? []
            : [event(initiated, facts.a.startTime, sections['callInitiated']?.(facts) ?? {})]),
          ...(completed === ''
            ? []
            : [event(completed, facts.a.endTime, sections['callCompleted']?.(facts) ?? {})]),
        ]
        return [
          {
            object: 'events',
            content: { client_id: facts.a.callId, ...identity, events: events as unknown as Rendered },
          },
        ]
      },
      preview: ({ content }) => ({
        method: 'POST',
        path: `/mp/collect?measurement_id=${measurementId}&api_secret=...`,
        body: content,
      }),
      put: async ({ content }, context) => {
        if (context.known?.digest !== undefined && !context.isReplay)
          return { did: 'noted', externalId: undefined }
        if (context.now - context.startTime > MOST_AGE_MS)
          return faultOf('refused', undefined, 'it is older than 72 hours: Analytics would not count it')
        if (context.isReplay) {
          const checked = await post(content, '/debug/mp/collect', context)
          if (isFault(checked)) return checked
        }
        const sent = await post(content, '/mp/collect', context)
        return isFault(sent) ? sent : { did: 'sent', externalId: undefined }
      },
    }
  },
}

const checkParameters = (mapping: unknown): void => {
  for (const section of ['callInitiated', 'callCompleted']) {
    const given = fieldOf(mapping, section)
    if (typeof given !== 'object' || given === null) continue
    const fields = Object.entries<unknown>({ ...DEFAULTS[section], ...given }).filter(
      ([, rule]) => rule !== null,
    )
    if (fields.length > MOST_PARAMETERS)
      throw bad(`mapping.${section}`, `an event has at most ${MOST_PARAMETERS} parameters`)
    const wrong = fields.find(
      ([field]) => !/^[A-Za-z]\w{0,39}$/.test(field) || /^(?:google_|ga_|firebase_)/.test(field),
    )
    if (wrong !== undefined)
      throw bad(`mapping.${section}.${wrong[0].slice(0, 60)}`, 'it is no name of a parameter of Analytics')
  }
}

const clipped = (value: JsonValue): JsonValue => {
  if (typeof value === 'number') return value
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.slice(0, MOST_VALUE).toWellFormed()
}

const secretOf = (credentials: unknown): string => {
  const read = fieldReader('credentials', credentials)
  const secret = read.text('apiSecret')
  read.end()
  return secret
}
