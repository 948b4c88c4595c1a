/** Recording policies and the groups of users that they name. A record of another organisation is none. */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { Api } from './api.ts'
import { id } from './fields.ts'
import type { Collection } from './record-doors.ts'
import { addRecordKind, type RecordKind } from './record-kind-routes.ts'
import {
  GroupJson,
  groupJson,
  NewGroup,
  NewPolicy,
  PolicyJson,
  policyJson,
  type CallRecordingDoors,
  type OwnedCollection,
} from './recording-policy-doors.ts'

export const addRecordingPolicyRoutes = (api: Api, doors: CallRecordingDoors): void => {
  addOwned(api, doors.policies, {
    path: 'recording-policies',
    one: 'recordingPolicy',
    many: 'recordingPolicies',
    word: 'recording policy',
    taken: NewPolicy,
    told: PolicyJson,
    render: policyJson,
  })
  addOwned(api, doors.groups, {
    path: 'user-groups',
    one: 'userGroup',
    word: 'group of users',
    taken: NewGroup,
    told: GroupJson,
    render: groupJson,
  })
}

type Owned<Taken extends TObject, Row> = Pick<
  RecordKind<Taken, Row>,
  'path' | 'one' | 'many' | 'word' | 'taken' | 'told' | 'render'
>

const addOwned = <Taken extends TObject, Row extends { readonly organizationId: number }>(
  api: Api,
  owned: OwnedCollection<Static<Taken>, Row>,
  kind: Owned<Taken, Row>,
): void => {
  // Who is bound to an organisation need not name it.
  const taken = Type.Object(
    { ...kind.taken.properties, organizationId: Type.Optional(id('an organisation')) },
    { additionalProperties: false, description: 'a JSON object' },
  )
  addRecordKind<TObject, Row>(api, askedFor(owned), {
    ...kind,
    taken,
    area: 'records',
    owner: 'needed',
    tag: 'recording',
  })
}

/** A collection that knows records of organisations, as one that is asked on behalf of somebody. */
const askedFor = <New, Row extends { readonly organizationId: number }>(
  owned: OwnedCollection<New, Row>,
): Collection<Record<string, unknown>, Row> => {
  const own = async (number: number, boundTo: number | undefined): Promise<Row | undefined> => {
    const row = await owned.get(number)
    return boundTo === undefined || row?.organizationId === boundTo ? row : undefined
  }
  return {
    list: ({ organizationId }) => owned.list(organizationId),
    get: own,
    // Checked against the schema before it comes here, and with its organisation.
    add: (record) => owned.add(record as New),
    update: async (number, changes, boundTo) =>
      (await own(number, boundTo)) === undefined ? undefined : owned.update(number, changes as Partial<New>),
    remove: async (number, boundTo) =>
      (await own(number, boundTo)) !== undefined && (await owned.remove(number)),
  }
}
