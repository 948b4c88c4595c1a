/** The doors of targets, joined to the tables and to the kinds of targets. */
import { sleep, type Clock } from '../base/clock.ts'
import { EngineError } from '../base/errors.ts'
import { FAILURES_BEFORE_PAUSE } from '../deliver/retry.ts'
import { newSecret } from '../deliver/sign.ts'
import { describePaths } from '../deliver/targets/mapping.ts'
import { defaultMapping, openTarget } from '../deliver/targets/open-target.ts'
import { previewCall, type CallRecords } from '../deliver/targets/send-call.ts'
import { isTargetKind, TARGET_KINDS } from '../deliver/targets/target.ts'
import type { TargetDoors } from '../http/target-doors.ts'
import type { Database } from '../store/database.ts'
import { putReplay, replayDeadLetters } from '../store/target-deliveries.ts'
import { findTargetDelivery, listTargetDeliveries } from '../store/target-log.ts'
import {
  addTarget,
  changeTarget,
  findTarget,
  listTargets,
  readSealedCredentials,
  removeTarget,
  type Json,
  type TargetSecrets,
} from '../store/targets.ts'

type Parts = {
  readonly database: Database
  readonly secrets: TargetSecrets
  /** Why a URL is not called; undefined: it is. */
  readonly isRefused: (url: string) => string | undefined
  readonly recordsOf: (callId: string, organizationId: number) => Promise<CallRecords>
  readonly clock: Clock
}

/** One that takes longer is told by the list of deliveries. */
const SEND_WAIT_MS = 8_000
const SEND_LOOK_MS = 100

export const createTargetDoors = ({ database, secrets, isRefused, recordsOf, clock }: Parts): TargetDoors => {
  const open = (kind: string, fields: { settings: Json; mapping: Json; credentials: Json | undefined }) => {
    if (!isTargetKind(kind))
      throw new EngineError('DELIVER_BAD_INPUT', `kind: it takes ${TARGET_KINDS.join(', ')}`, {
        field: 'kind',
      })
    return openTarget(kind, { ...fields, credentials: fields.credentials }, isRefused)
  }
  const credentialsOf = async (targetId: number): Promise<Json> => {
    const sealed = await readSealedCredentials(database, targetId)
    return sealed === undefined ? {} : (JSON.parse(secrets.open(sealed)) as Json)
  }
  return {
    kinds: () => TARGET_KINDS.map((kind) => ({ kind, mapping: defaultMapping(kind) })),
    paths: describePaths,
    breakerAfter: FAILURES_BEFORE_PAUSE,
    list: (bound) => listTargets(database, bound),
    find: (bound, id) => findTarget(database, bound, id),
    add: async (organizationId, fields) => {
      const isSigned = fields.kind === 'http' && fields.credentials['signingSecret'] === undefined
      const signingSecret = isSigned ? newSecret() : undefined
      const credentials = isSigned ? { ...fields.credentials, signingSecret } : fields.credentials
      open(fields.kind, { ...fields, credentials })
      const id = await addTarget(database, organizationId, { ...fields, credentials }, secrets)
      const target = await findTarget(database, undefined, id)
      if (target === undefined) throw new EngineError('STORE_NOT_FOUND', 'the target was removed at once')
      return { target, signingSecret }
    },
    change: async (bound, id, changes) => {
      const before = await findTarget(database, bound, id)
      if (before === undefined) return undefined
      const { settings = before.settings, mapping = before.mapping } = changes
      const stood = await credentialsOf(id)
      const signingSecret = stood['signingSecret']
      const credentials =
        changes.credentials === undefined || before.kind !== 'http' || signingSecret === undefined
          ? changes.credentials
          : { signingSecret, ...changes.credentials }
      open(before.kind, { settings, mapping, credentials: credentials ?? stood })
      return (await changeTarget(database, bound, id, { ...changes, credentials }, secrets))
        ? findTarget(database, bound, id)
        : undefined
    },
    remove: (bound, id) => removeTarget(database, bound, id),
    preview: async (bound, id, callId) => {
      const target = await findTarget(database, bound, id)
      if (target === undefined) return undefined
      const { kind, settings, mapping, organizationId } = target
      const opened = open(kind, { settings, mapping, credentials: undefined })
      return previewCall(opened, await recordsOf(callId, organizationId), callId) ?? 'no-call'
    },
    send: async (bound, id, callId) => {
      const target = await findTarget(database, bound, id)
      if (target === undefined) return undefined
      const { organizationId } = target
      const { legs } = await recordsOf(callId, organizationId)
      const first = legs.find(({ leg }) => leg === 'A')
      if (first === undefined) return 'no-call'
      const replay = { targetId: id, callId, organizationId, at: first.startTime }
      const deliveryId = await putReplay(database, replay)
      if (deliveryId === undefined) return undefined
      const until = clock.now() + SEND_WAIT_MS
      for (;;) {
        const delivery = await findTargetDelivery(database, id, deliveryId)
        if (delivery === undefined || delivery.attempts > 0 || clock.now() > until) return delivery
        await sleep(clock, SEND_LOOK_MS)
      }
    },
    deliveries: async (bound, id, filter) =>
      (await findTarget(database, bound, id)) === undefined
        ? undefined
        : listTargetDeliveries(database, id, filter),
    replay: async (bound, id, which) =>
      (await findTarget(database, bound, id)) === undefined
        ? undefined
        : replayDeadLetters(database, id, which),
  }
}
