/** What a call made at targets, as its record tells it. */
import { Type } from '@sinclair/typebox'
import type { ListedCdr } from './doors.ts'
import { nullable } from './fields.ts'

const string = Type.String()

export const ExternalFields = {
  external: Type.Array(Type.Object({ target: string, kind: string, object: string, id: string }), {
    description: 'what the call made at targets (CRM, help desk), by their ids there',
  }),
  salesforceTaskId: nullable(string),
}

export const externalFields = ({ external = [] }: ListedCdr) => ({
  external: external.map(({ target, kind, object, id }) => ({ target, kind, object, id })),
  salesforceTaskId:
    external.find(({ kind, object }) => kind === 'salesforce' && object === 'Task')?.id ?? null,
})
