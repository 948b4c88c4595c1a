/**
 * A body without its content encoding (RFC 9110, 8.4). What is packed may be small and hold gigabytes: unpacking ends at
 * the limit that the route has for bodies as they are.
 */
import { gunzip, inflate } from 'node:zlib'
import { asError, codeOf, EngineError } from '../base/errors.ts'

/** Throws HTTP_ENCODING (unknown), HTTP_BAD_INPUT (broken) or FST_ERR_CTP_BODY_TOO_LARGE. */
export const unpacked = async (
  body: Buffer,
  encoding: string | undefined,
  limit: number,
): Promise<Buffer> => {
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return body
  const unpack = UNPACKERS[name]
  if (unpack === undefined)
    throw new EngineError(
      'HTTP_ENCODING',
      'a body comes as it is, or in the content encoding gzip or deflate',
    )
  try {
    return await new Promise((resolve, reject) => {
      unpack(body, { maxOutputLength: limit }, (fault, bytes) =>
        fault === null ? resolve(bytes) : reject(fault),
      )
    })
  } catch (fault) {
    if (codeOf(fault) === 'ERR_BUFFER_TOO_LARGE')
      throw new EngineError(
        'FST_ERR_CTP_BODY_TOO_LARGE',
        'the body is too large when it is unpacked',
        {},
        fault,
      )
    throw new EngineError('HTTP_BAD_INPUT', `the body is no ${name}: ${asError(fault).message}`, {}, fault)
  }
}

const UNPACKERS: Readonly<Record<string, typeof gunzip>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
}
