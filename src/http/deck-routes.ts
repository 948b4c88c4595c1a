/**
 * Rate decks as files: in, out, published, taken back. The import streams: neither this route nor anything behind it
 * holds the file. Its query carries the owner, what to do, and how to read the file, by the names of DeckFormat.
 */
import { Readable } from 'node:stream'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { asError, EngineError } from '../base/errors.ts'
import { deckFormatOf, type DeckFormat } from '../deck/format.ts'
import { refuse, type Api } from './api.ts'
import { boundTo } from './caller.ts'
import { bodyOf } from './deck-body.ts'
import type { DeckDoors, OwnerName } from './deck-doors.ts'
import { DeckImportedJson, deckImportedJson, DeckRefusedJson, deckRefusedJson } from './deck-json.ts'
import { answers, ErrorAnswer, fields, id, text, textAnswer, whole } from './fields.ts'
import { RateDeckJson, rateDeckJson } from './record-json.ts'
import { badInput } from './validation.ts'

/** A sender that is silent for so long has gone; the rates of its carrier are locked meanwhile. */
const STILL_MS = 60_000
/** How long an answer waits for calls to go by it, unless it is told: reading a million rates takes a few seconds. */
const LIVE_WAIT_SECONDS = 10

const tags = ['rate decks']
const owner = {
  carrier: Type.Optional(text('a carrier whom we buy from, by its code or id', 50)),
  customer: Type.Optional(id('an organisation that we sell to')),
}
const wait = Type.Optional(
  whole(`the seconds to wait until calls go by it, ${LIVE_WAIT_SECONDS} unless given`, 0, 300),
)
const flag = (what: string) => Type.Optional(Type.Boolean({ description: `true or false: ${what}` }))
const option = (what: string) => Type.Optional(text(what, 500))

const ImportQuery = fields({
  ...owner,
  name: Type.Optional(text('a name for the deck', 255)),
  file: Type.Optional(text("the file's name", 255)),
  dryRun: flag('only read, check and compare'),
  draft: flag('write it and do not publish it'),
  replaces: flag("whether the file is the owner's whole list; false: it adds to what there is"),
  jumpPercent: Type.Optional(whole('the rise in percent beyond which is warned', 1, 100_000)),
  wait,
  effective: option('the moment from which rates without a date count, such as 2026-12-01'),
  until: option('the moment until before which rates without an end count'),
  columns: option('columns by header or number, such as prefix=Code,price=3'),
  headerRow: option('the line of the header, or none'),
  delimiter: option('comma, semicolon, tab or pipe'),
  encoding: option('utf-8, utf-16le, utf-16be or latin-1'),
  decimalMark: option('point or comma'),
  dateOrder: option('dmy or mdy'),
  timeZone: option('a time zone such as Europe/Berlin'),
  lastDayIncluded: option('true or false: an end date is the last day that counts'),
  unit: option('major or cents'),
  currency: option('a currency in ISO 4217, such as GBP'),
  increments: option('increments of rates that have none, such as 60/60'),
  minimumSeconds: option('the least seconds of rates that have none'),
  graceSeconds: Type.Optional(whole('an answered call of at most so many seconds costs nothing', 0, 86_400)),
  freeSeconds: Type.Optional(whole('so many first seconds of each answered call are not charged', 0, 86_400)),
  rounding: option('of the amount of a call: half-up/4, up/2, or none; as in the last deck unless given'),
  connectionFee: option('the connection fee of rates that have none, such as 0.01'),
  countryCode: option('digits to put before every prefix'),
})
type ImportQuery = Static<typeof ImportQuery>

const OwnerQuery = fields({ ...owner, wait })
const params = fields({ id: id('a rate deck') })
const liveJson = {
  live: Type.Boolean({ description: 'whether calls go by it already' }),
  liveAfterMs: Type.Integer(),
}
const Published = Type.Object({ success: Type.Literal(true), rateDeck: RateDeckJson, ...liveJson })

export const addDeckRoutes = (api: Api, decks: DeckDoors): void => {
  // A scope of its own: here alone a body is a stream, and no JSON.
  void api.register((scope: Api, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, parsed) => {
      parsed(null, undefined)
    })
    addImport(scope, decks)
    done()
  })

  const move = (word: 'publish' | 'withdraw', summary: string): void => {
    api.post(
      `/v1/rate-decks/:id/${word}`,
      {
        config: { scope: 'routing:write' },
        schema: {
          tags,
          summary,
          params,
          querystring: fields({ wait }),
          response: answers(200, Published, 404, 409, 503),
        },
      },
      async (request, reply) => {
        const deckId = request.params.id
        const deck = await decks[word](deckId, boundTo(request))
        if (deck === undefined) return refuse(reply, 'HTTP_NOT_FOUND', missing(deckId))
        return { success: true, rateDeck: rateDeckJson(deck), ...(await live(decks, request.query.wait)) }
      },
    )
  }
  move('publish', 'Publishes a draft: it counts from its own dates on')
  move('withdraw', 'Withdraws a published deck: what it replaced counts again')

  api.post(
    '/v1/rate-decks/rollback',
    {
      config: { scope: 'routing:write' },
      schema: {
        tags,
        summary: 'Withdraws the newest deck of a carrier or customer: the version before it counts again',
        querystring: OwnerQuery,
        response: answers(
          200,
          Type.Object({
            success: Type.Literal(true),
            withdrawn: RateDeckJson,
            current: Type.Union([RateDeckJson, Type.Null()]),
            ...liveJson,
          }),
          409,
          503,
        ),
      },
    },
    async (request) => {
      const { query } = request
      const { withdrawn, current } = await decks.rollback(ownerOf(request, query))
      return {
        success: true,
        withdrawn: rateDeckJson(withdrawn),
        current: current === undefined ? null : rateDeckJson(current),
        ...(await live(decks, query.wait)),
      }
    },
  )

  api.get(
    '/v1/rate-decks/:id/export',
    {
      config: { scope: 'routing:read' },
      schema: {
        tags,
        summary: 'A deck as CSV, which imports to the same rates',
        params,
        response: { ...answers(200, textAnswer('text/csv', 'a header, and a line for each rate'), 404, 503) },
      },
    },
    async (request, reply) => {
      const deckId = request.params.id
      const found = await decks.exportDeck(deckId, boundTo(request))
      if (found === undefined) return refuse(reply, 'HTTP_NOT_FOUND', missing(deckId))
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="rate-deck-${deckId}.csv"`)
        .send(Readable.from(found.file))
    },
  )
}

const missing = (deckId: number): string => `there is no rate deck ${deckId}`

const live = async (decks: DeckDoors, seconds = LIVE_WAIT_SECONDS) => {
  const { live: isLive, afterMs } = await decks.untilLive(seconds * 1_000)
  return { live: isLive, liveAfterMs: Math.round(afterMs) }
}

const addImport = (api: Api, decks: DeckDoors): void => {
  api.post(
    '/v1/rate-decks/import',
    {
      config: { scope: 'routing:write' },
      schema: {
        tags,
        summary: 'Takes in a rate deck as CSV, of any size: the body is the file',
        consumes: ['text/csv', 'application/octet-stream'],
        querystring: ImportQuery,
        response: {
          ...answers(200, DeckImportedJson, 409, 503),
          400: {
            description: 'the file or an option is wrong, and nothing was changed',
            anyOf: [DeckRefusedJson, ErrorAnswer],
          },
        },
      },
    },
    async (request, reply) => {
      const { query, raw } = request
      const body = bodyOf(raw, STILL_MS)
      const gone = new AbortController()
      const leave = (): void => {
        if (!reply.raw.writableFinished) gone.abort(new EngineError('HTTP_BAD_INPUT', 'the client went away'))
      }
      reply.raw.once('close', leave)
      try {
        const outcome = await decks.importDeck(requestOf(request, query), body.pieces(), gone.signal)
        if (outcome.outcome === 'refused') return await reply.code(400).send(deckRefusedJson(outcome))
        const isPublished = outcome.state === 'published'
        const waitMs = (query.wait ?? LIVE_WAIT_SECONDS) * 1_000
        return deckImportedJson(outcome, isPublished ? await decks.untilLive(waitMs) : undefined)
      } finally {
        body.discard()
      }
    },
  )
}

const requestOf = (request: FastifyRequest, query: ImportQuery) => {
  const { name, file, dryRun = false, draft = false, replaces = true, jumpPercent } = query
  const { graceSeconds, freeSeconds, rounding } = query
  return {
    owner: ownerOf(request, query),
    name,
    source: file ?? '',
    format: formatOf(query),
    charging: { graceSeconds, freeSeconds, rounding: rounding === 'none' ? null : rounding },
    replaces,
    draft,
    dryRun,
    jumpPercent,
  }
}

const ownerOf = (
  request: FastifyRequest,
  { carrier, customer }: { readonly carrier?: string; readonly customer?: number },
): OwnerName => {
  const within = boundTo(request)
  if ((carrier === undefined) === (customer === undefined))
    throw badInput('carrier', 'give either "carrier", whom we buy from, or "customer", whom we sell to')
  if (carrier !== undefined) return { kind: 'carrier', name: carrier, within }
  if (within === undefined) return { kind: 'customer', name: String(customer) }
  throw new EngineError('ACCESS_FORBIDDEN', 'what an organisation is charged the platform says', {
    field: 'customer',
  })
}

/** The options by their names in DeckFormat, which are ours but for the dates. */
const formatOf = (query: ImportQuery): DeckFormat => {
  const { headerRow, delimiter, encoding, decimalMark, dateOrder, timeZone, lastDayIncluded, unit } = query
  const { currency, increments, minimumSeconds, connectionFee, countryCode } = query
  try {
    return deckFormatOf({
      ...(query.columns !== undefined && { columns: columnsOf(query.columns) }),
      ...{ headerRow, delimiter, encoding, decimalMark, dateOrder, timeZone, lastDayIncluded, unit },
      ...{ currency, increments, minimumSeconds, connectionFee, countryCode },
      effectiveFrom: query.effective,
      effectiveTo: query.until,
    })
  } catch (fault) {
    const field = fault instanceof EngineError ? fault.details['field'] : undefined
    if (typeof field !== 'string') throw fault
    throw badInput(PUBLIC_NAMES[field] ?? field, asError(fault).message)
  }
}

const PUBLIC_NAMES: Readonly<Record<string, string>> = { effectiveFrom: 'effective', effectiveTo: 'until' }

/** `prefix=Code,price=3` */
const columnsOf = (written: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    written.split(',').map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw badInput('columns', '"columns" takes pairs such as prefix=Code,price=3')
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    }),
  )
