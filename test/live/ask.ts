/** A request of the engine's API with any method and any headers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stage } from './stage.ts'

export type Asked = {
  readonly status: number
  readonly headers: Headers
  readonly json: Record<string, unknown>
  /** `error` of the answer. */
  readonly error: Readonly<Record<string, unknown>>
}

export const ask = async (
  { ports, folder }: Pick<Stage, 'ports' | 'folder'>,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked> => {
  const token = readFileSync(join(folder, 'engine', 'admin-token'), 'utf8').trim()
  const reply = await fetch(`http://127.0.0.1:${ports.http}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const json = (await reply.json()) as Record<string, unknown>
  const { error } = json
  return {
    status: reply.status,
    headers: reply.headers,
    json,
    error: typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {},
  }
}
