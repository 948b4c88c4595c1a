/** Bodies as FreeSWITCH posts them, whole, of as many calls as are wanted: an A leg and its B leg in turn. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  encodeCarried,
  type CarriedAttempt,
  type CarriedCall,
} from '../../src/call/carried.ts'
import { newCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { attempt, call } from '../cdr/posts.ts'

type Document = {
  readonly variables: Record<string, string>
  readonly callflow: readonly { readonly times: Record<string, string> }[]
}

const template = (name: string): Document =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../cdr/samples', name), 'utf8')) as Document

/** `count` posts, two a call, of calls that began in the last hour. */
export const wholePosts = (count: number): readonly Buffer[] => {
  const [a, b] = [template('whole-a-leg.json'), template('whole-b-leg.json')]
  const from = Date.now() - 3_600_000
  const posts: Buffer[] = []
  for (let n = 0; posts.length < count; n += 1) {
    const [callId, legUuid] = [newCallUuid(), newCallUuid()]
    const carried: CarriedAttempt = { ...attempt(1, legUuid), callId }
    const plan: CarriedCall = { ...call, callId, attempts: [carried] }
    const startedAt = from + n * 10
    posts.push(bodyOf(a, callId, startedAt, { [CALL_VARIABLE]: encodeCarried(plan) }))
    posts.push(
      bodyOf(b, legUuid, startedAt + 200, { [ATTEMPT_VARIABLE]: encodeCarried(carried), originator: callId }),
    )
  }
  return posts.slice(0, count)
}

const bodyOf = (
  document: Document,
  uuid: CallUuid,
  startedAt: number,
  variables: Readonly<Record<string, string>>,
): Buffer => {
  const moved = startedAt * 1_000 - Number(document.variables['start_uepoch'])
  const times = Object.fromEntries(
    Object.entries(document.variables).flatMap(([name, value]) =>
      name.endsWith('_uepoch') && value !== '0' ? [[name, String(Number(value) + moved)]] : [],
    ),
  )
  return Buffer.from(
    JSON.stringify({ ...document, variables: { ...document.variables, ...times, uuid, ...variables } }),
  )
}
