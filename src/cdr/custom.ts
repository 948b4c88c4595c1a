/**
 * What a record keeps beside its fields: the caller's CRM, what was asked for with the call, whether a machine answered,
 * which recordings there are. Read from channel variables without trust, never a reason to refuse a record: what cannot
 * be read is left out. To keep something more, add a reader to READERS.
 */
import { CRM_VARIABLE } from '../call/granted.ts'
import { decodeVerstat, VERSTAT_VARIABLE } from '../call/verstat.ts'
import type { CallWish } from '../call/wish.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'
import type { Post } from './post.ts'

/** Goes into a jsonb column as it is. */
export type CustomData = Readonly<Record<string, unknown>>

/** Of the detector: `human|machine|fax|unsure/<ms>/<why>`. */
export const AMD_VARIABLE = 'strowger_amd'
/** uuids, separated by commas. */
export const RECORDINGS_VARIABLE = 'strowger_recordings'
type Reader = (post: Post, wish: CallWish | undefined) => unknown

const READERS: Readonly<Record<string, Reader>> = {
  crm: (post, wish) => crmOf(wish?.crm ?? jsonIn(post.variable(CRM_VARIABLE))),
  wish: (_, wish) => askedFor(wish),
  identity: (post) => identityOf(post.variable(VERSTAT_VARIABLE)),
  amd: (post) => amdOf(post.variable(AMD_VARIABLE)),
  recordings: (post) => {
    const found = (post.variable(RECORDINGS_VARIABLE) ?? '').split(',').filter(isCallUuid)
    return found.length === 0 ? undefined : found.slice(0, MOST_RECORDINGS)
  },
}

const MOST_RECORDINGS = 100
const TEXT_LENGTH = 256

/** Undefined: there is nothing. */
export const customOf = (post: Post, wish: CallWish | undefined): CustomData | undefined => {
  const found = Object.entries(READERS).flatMap(([name, read]) => {
    const value = read(post, wish)
    return value === undefined ? [] : [[name, value] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

const crmOf = (value: unknown): CustomData | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { recordId, objectType, createTask } = value as Readonly<Record<string, unknown>>
  return filled({
    recordId: textOf(recordId),
    objectType: textOf(objectType),
    createTask: typeof createTask === 'boolean' ? createTask : undefined,
  })
}

/** Where it is to be told stays out: a URL may hold a secret. Headers likewise, but for their names. */
const askedFor = (wish: CallWish | undefined): CustomData | undefined => {
  if (wish === undefined) return undefined
  const { maxDurationSeconds, ringTimeoutSeconds, recordCall, recordingPolicyId, earlyMedia } = wish
  return filled({
    callerId: textOf(wish.callerId),
    withheld: wish.withheld === true ? true : undefined,
    displayName: textOf(wish.displayName),
    maxDurationSeconds: numberOf(maxDurationSeconds),
    ringTimeoutSeconds: numberOf(ringTimeoutSeconds),
    recordCall: typeof recordCall === 'boolean' ? recordCall : undefined,
    recordingPolicyId: numberOf(recordingPolicyId),
    earlyMedia: earlyMedia === false ? false : undefined,
    answerConfirm: wish.answerConfirm === true ? true : undefined,
    machineAction: textOf(wish.machineDetection?.action),
    customHeaders:
      typeof wish.customHeaders === 'object'
        ? Object.keys(wish.customHeaders).flatMap((name) => textOf(name) ?? [])
        : undefined,
  })
}

const identityOf = (text: string | undefined): CustomData | undefined => {
  const found = decodeVerstat(text ?? '')
  return found === undefined ? undefined : filled({ ...found })
}

const amdOf = (text: string | undefined): CustomData | undefined => {
  const [, verdict, ms, why] = /^(human|machine|fax|unsure)\/(\d{1,9})(?:\/(.*))?$/s.exec(text ?? '') ?? []
  return verdict === undefined ? undefined : filled({ verdict, decisionMs: Number(ms), why: textOf(why) })
}

const filled = (all: CustomData): CustomData | undefined => {
  const kept = Object.entries(all).filter(([, value]) => value !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const jsonIn = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined
    throw fault
  }
}

/** As jsonb can hold it: no NUL, no half of a surrogate pair. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== ''
    ? value.slice(0, TEXT_LENGTH).replaceAll('\0', '\uFFFD').toWellFormed()
    : undefined

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined
