import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { encodeValue } from '../esl/percent.ts'
import { post } from './post.ts'

/** Owns mod_json_cdr with one try: the post, or the file that is left where it failed. */
export type CdrPost = {
  readonly post: (uuid: string, cdr: Readonly<Record<string, unknown>>) => Promise<void>
}

export type CdrPostOptions = {
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly timeoutMs: number
  readonly fallbackDirectory: string
  /** mod_json_cdr's `encode-values`: variables are percent-encoded within the JSON. Its default is true. */
  readonly encodeValues: boolean
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}

export const createCdrPost = (options: CdrPostOptions): CdrPost => ({
  post: async (uuid, cdr) => {
    const body = JSON.stringify(options.encodeValues ? { ...cdr, variables: encoded(cdr['variables']) } : cdr)
    const fault = await postOnce(options, uuid, body)
    if (fault === undefined || options.signal.aborted) return
    options.logger.warn({ uuid, fault }, 'a CDR could not be posted and is left as a file')
    await mkdir(options.fallbackDirectory, { recursive: true })
    // backup_cdr writes it in one go, under its final name.
    await writeFile(join(options.fallbackDirectory, `${uuid}.cdr.json`), body)
  },
})

const postOnce = async (options: CdrPostOptions, uuid: string, body: string): Promise<string | undefined> => {
  try {
    const { status } = await post({
      // mod_json_cdr.c appends its question mark to whatever the url is.
      url: `${options.url}?uuid=${uuid}`,
      headers: { 'content-type': 'application/json', 'user-agent': 'freeswitch-json/1.0' },
      body,
      username: options.username,
      password: options.password,
      timeoutMs: options.timeoutMs,
      clock: options.clock,
      signal: options.signal,
    })
    return status >= 200 && status < 300 ? undefined : `status ${status}`
  } catch (fault) {
    return asError(fault).message
  }
}

const encoded = (variables: unknown): Readonly<Record<string, string>> => {
  const out: Record<string, string> = {}
  if (typeof variables !== 'object' || variables === null) return out
  for (const [name, value] of Object.entries(variables))
    if (value !== '') out[name] = encodeValue(String(value))
  return out
}
