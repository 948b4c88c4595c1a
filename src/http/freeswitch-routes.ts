/**
 * What FreeSWITCH fetches and posts. It waits in the call's own thread, so these two routes do nothing that can
 * be done elsewhere: no schema, no request log. mod_xml_curl takes any HTTP error as "ask the next binding, then
 * the static files", and a document without a result the same way: whatever goes wrong here is answered with the
 * document that says "not found". mod_json_cdr keeps its record in a file unless the answer is 200: so 200 means
 * that the record is durable, and nothing else does.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { codeOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { readForm } from '../xml-curl/form.ts'
import { answerFault, refuse, type Api } from './api.ts'
import type { Admits } from './credentials.ts'
import type { Doors } from './doors.ts'
import { unpacked } from './content-encoding.ts'
import { answers, ErrorAnswer, textAnswer } from './fields.ts'
import { readRaw } from './scope.ts'
import { faultOf } from './status.ts'

/** An INVITE with every channel variable is 6 to 20 kB. */
const XML_BODY_LIMIT = 1024 * 1024
/** A CDR with a long callflow is some 100 kB. */
export const CDR_BODY_LIMIT = 8 * 1024 * 1024

/** The line break after the declaration is needed: FreeSWITCH's preprocessor drops the line that holds `<?`. */
export const NOT_FOUND_DOCUMENT = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<document type="freeswitch/xml">
  <section name="result">
    <result status="not found"/>
  </section>
</document>
`

const EMPTY = Buffer.alloc(0)

const xmlAnswers: Record<string, unknown> = {
  200: textAnswer('text/xml', 'a FreeSWITCH XML document'),
  401: ErrorAnswer,
}

type Needs = {
  readonly doors: Pick<Doors, 'answerXml' | 'acceptCdr'>
  readonly admits: Admits
  readonly logger: Logger
}

export const addFreeswitchRoutes = (api: Api, { doors, admits, logger }: Needs): void => {
  // Any content type is taken as it comes: mod_json_cdr says form-urlencoded and sends JSON.
  readRaw(api)
  // FreeSWITCH has its own credentials; a basic user name and password is all that both modules can show.
  api.addHook('onRequest', (request, reply, done) => {
    if (admits(request.headers.authorization)) {
      done()
      return
    }
    void reply.header('www-authenticate', 'Basic realm="strowger", charset="UTF-8"')
    refuse(reply, 'HTTP_UNAUTHORIZED', "this takes FreeSWITCH's user name and password")
  })

  api.post(
    '/freeswitch/xml',
    {
      bodyLimit: XML_BODY_LIMIT,
      schema: {
        tags: ['freeswitch'],
        summary: 'mod_xml_curl fetches dialplan, directory and configuration',
        security: [{ freeswitch: [] }],
        response: xmlAnswers,
      },
      errorHandler: (fault, request, reply) => {
        logger.warn(
          { code: codeOf(fault), address: request.ip },
          'a request of mod_xml_curl could not be read',
        )
        sendXml(reply, NOT_FOUND_DOCUMENT)
      },
    },
    (request, reply) => {
      const failed = (fault: unknown): void => {
        logger.error({ err: fault }, 'answering mod_xml_curl failed; it is told "not found"')
        sendXml(reply, NOT_FOUND_DOCUMENT)
      }
      try {
        const answered = doors.answerXml(readForm(Buffer.isBuffer(request.body) ? request.body : EMPTY))
        if (typeof answered === 'string') sendXml(reply, answered)
        else answered.then((document) => sendXml(reply, document), failed)
      } catch (fault) {
        failed(fault)
      }
    },
  )

  api.post(
    '/freeswitch/cdr',
    {
      bodyLimit: CDR_BODY_LIMIT,
      schema: {
        tags: ['freeswitch'],
        summary: 'mod_json_cdr or mod_xml_cdr posts the record of a channel',
        security: [{ freeswitch: [] }],
        response: answers(200, Accepted, 413, 415, 503),
      },
    },
    acceptCdr(doors, logger),
  )
}

export const Accepted = Type.Object({ success: Type.Literal(true) }, { description: 'the record is durable' })

/** 200 once it is durable; 400, 413, 415 where it is no CDR; 503 for anything else: who has the record keeps it. */
export const acceptCdr =
  (doors: Pick<Doors, 'acceptCdr'>, logger: Logger) =>
  async (
    request: Pick<FastifyRequest, 'body' | 'headers'>,
    reply: Pick<FastifyReply, 'code' | 'send'>,
  ): Promise<unknown> => {
    if (!Buffer.isBuffer(request.body) || request.body.length === 0)
      return refuse(reply, 'CDR_UNREADABLE', 'the body is empty')
    try {
      await doors.acceptCdr(await unpacked(request.body, request.headers['content-encoding'], CDR_BODY_LIMIT))
      return { success: true }
    } catch (fault) {
      const code = codeOf(fault)
      logger.error({ err: fault }, 'a posted CDR was not taken')
      if (faultOf(code).status !== 500) return answerFault(reply, fault)
      return refuse(reply, 'SPOOL_FAILED', 'the record could not be kept')
    }
  }

const sendXml = (reply: Pick<FastifyReply, 'code' | 'header' | 'send'>, document: string): void => {
  void reply.header('content-type', 'text/xml; charset=utf-8')
  void reply.code(200).send(document)
}
