/** Targets and deliveries in memory, of organisation 1, for the tests of the HTTP floor and of the CLI. */
import { EngineError } from '../../src/base/errors.ts'
import { describePaths } from '../../src/deliver/targets/mapping.ts'
import { defaultMapping, openTarget } from '../../src/deliver/targets/open-target.ts'
import { isTargetKind, TARGET_KINDS } from '../../src/deliver/targets/target.ts'
import type { StoredTarget, TargetDelivery, TargetDoors } from '../../src/http/target-doors.ts'
import type { NewTarget } from '../../src/store/targets.ts'
import { urlFault } from '../../src/access/outgoing-url.ts'
import { CALL_ID, NOON } from './samples.ts'

export const deadLetter = (changes: Partial<TargetDelivery> = {}): TargetDelivery => ({
  id: 31,
  targetId: 1,
  callId: CALL_ID,
  state: 'failed',
  attempts: 1,
  isReplay: false,
  note: undefined,
  lastStatus: 400,
  lastError: 'it answered 400: INVALID_FIELD: no such column Nonsense__c',
  nextTryAt: undefined,
  deliveredAt: undefined,
  createdAt: NOON,
  ...changes,
})

export const fakeTargets = (): TargetDoors => {
  const targets = new Map<number, StoredTarget>()
  const mine = (bound: number | undefined, id: number): StoredTarget | undefined => {
    const found = targets.get(id)
    return found === undefined || (bound ?? found.organizationId) !== found.organizationId ? undefined : found
  }
  const check = (
    kind: string,
    fields: Pick<NewTarget, 'settings' | 'mapping'> & { credentials: unknown },
  ) => {
    if (!isTargetKind(kind)) throw new EngineError('DELIVER_BAD_INPUT', 'kind: no', { field: 'kind' })
    openTarget(kind, fields, (url) => urlFault(url, { allowed: [], allowHttp: false }))
  }
  return {
    kinds: () => TARGET_KINDS.map((kind) => ({ kind, mapping: defaultMapping(kind) })),
    paths: describePaths,
    breakerAfter: 5,
    list: (bound) => Promise.resolve([...targets.values()].filter(({ id }) => mine(bound, id) !== undefined)),
    find: (bound, id) => Promise.resolve(mine(bound, id)),
    add: async (organizationId, fields) => {
      await Promise.resolve()
      check(fields.kind, fields)
      const target: StoredTarget = {
        name: fields.name,
        kind: fields.kind,
        settings: fields.settings,
        mapping: fields.mapping,
        enabled: fields.enabled,
        id: targets.size + 1,
        organizationId,
        version: 1,
        failures: 6,
        failingSince: NOON,
        pausedUntil: NOON + 15_000,
        waiting: 2,
        deadLetters: 1,
        createdAt: NOON,
        updatedAt: NOON,
      }
      targets.set(target.id, target)
      return { target, signingSecret: fields.kind === 'http' ? 'whsec_told-this-once' : undefined }
    },
    change: async (bound, id, { credentials, ...changes }) => {
      await Promise.resolve()
      const before = mine(bound, id)
      if (before === undefined) return undefined
      const { settings = before.settings, mapping = before.mapping } = changes
      check(before.kind, { settings, mapping, credentials })
      const after: StoredTarget = {
        ...before,
        settings,
        mapping,
        name: changes.name ?? before.name,
        enabled: changes.enabled ?? before.enabled,
        version: before.version + 1,
      }
      targets.set(id, after)
      return after
    },
    remove: (bound, id) => Promise.resolve(mine(bound, id) !== undefined && targets.delete(id)),
    preview: (bound, id, callId) =>
      Promise.resolve(
        mine(bound, id) === undefined
          ? undefined
          : callId === CALL_ID
            ? [
                {
                  object: 'Task',
                  method: 'POST',
                  url: 'https://example.my.salesforce.com/x',
                  body: { Subject: 'Call' },
                },
              ]
            : 'no-call',
      ),
    send: (bound, id) =>
      Promise.resolve(
        mine(bound, id) === undefined
          ? undefined
          : deadLetter({
              id: 32,
              state: 'delivered',
              isReplay: true,
              note: 'Task created',
              lastError: undefined,
            }),
      ),
    deliveries: (bound, id, { state }) =>
      Promise.resolve(
        mine(bound, id) === undefined
          ? undefined
          : {
              deliveries: [deadLetter()].filter((row) => (state ?? row.state) === row.state),
              next: undefined,
            },
      ),
    replay: (bound, id, which) =>
      Promise.resolve(
        mine(bound, id) === undefined ? undefined : 'deliveryId' in which && which.deliveryId !== 31 ? 0 : 1,
      ),
  }
}
