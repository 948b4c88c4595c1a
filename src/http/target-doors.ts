/** What the routes of targets need, as shapes; `app` gives them. `bound` undefined: of every organisation. */
import type { TargetDelivery, TargetDeliveryFilter, TargetDeliveryPage } from '../store/target-log.ts'
import type { NewTarget, StoredTarget } from '../store/targets.ts'

export type { StoredTarget, TargetDelivery, TargetDeliveryFilter, TargetDeliveryPage }

type Bound = number | undefined
type Json = Readonly<Record<string, unknown>>

export type TargetKindText = {
  readonly kind: string
  /** What stands where unless the target's own mapping says otherwise. */
  readonly mapping: Json
}

export type TargetPath = { readonly path: string; readonly type: string; readonly what: string }

export type TargetRequest = {
  readonly object: string
  readonly method: string
  readonly url: string
  readonly body: unknown
}

export type TargetDoors = {
  readonly kinds: () => readonly TargetKindText[]
  readonly paths: () => readonly TargetPath[]
  /** So many failures open it. */
  readonly breakerAfter: number
  readonly list: (bound: Bound) => Promise<readonly StoredTarget[]>
  readonly find: (bound: Bound, id: number) => Promise<StoredTarget | undefined>
  /** With the secret that signs what a billing server gets, told this once. Throws DELIVER_BAD_INPUT, STORE_*. */
  readonly add: (
    organizationId: number,
    fields: NewTarget,
  ) => Promise<{ readonly target: StoredTarget; readonly signingSecret: string | undefined }>
  readonly change: (
    bound: Bound,
    id: number,
    changes: { readonly [Field in Exclude<keyof NewTarget, 'kind'>]?: NewTarget[Field] | undefined },
  ) => Promise<StoredTarget | undefined>
  readonly remove: (bound: Bound, id: number) => Promise<boolean>
  /** What would be sent of a call; `no-call`: its record is not stored. Undefined: there is no such target. */
  readonly preview: (
    bound: Bound,
    id: number,
    callId: string,
  ) => Promise<readonly TargetRequest[] | 'no-call' | undefined>
  /** Sends a call now; the delivery, once it was tried or after a few seconds. */
  readonly send: (bound: Bound, id: number, callId: string) => Promise<TargetDelivery | 'no-call' | undefined>
  readonly deliveries: (
    bound: Bound,
    id: number,
    filter: TargetDeliveryFilter,
  ) => Promise<TargetDeliveryPage | undefined>
  /** How many dead letters are tried again: one, or all since then. Undefined: there is no such target. */
  readonly replay: (
    bound: Bound,
    id: number,
    which: { readonly deliveryId: number } | { readonly since: number },
  ) => Promise<number | undefined>
}
