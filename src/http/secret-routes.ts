/** The secrets in the database by the master keys that they stand under, and all of them brought under the first. */
import { Type } from '@sinclair/typebox'
import type { SecretDoors } from './access-doors.ts'
import type { Api } from './api.ts'
import { answers } from './fields.ts'

const string = Type.String()
const tags = ['access']

const Counts = Type.Object({
  success: Type.Literal(true),
  secrets: Type.Array(
    Type.Object({
      table: string,
      column: string,
      current: Type.Integer({ description: 'under the master key' }),
      old: Type.Integer({ description: 'under another' }),
    }),
  ),
})

const Rotations = Type.Object({
  success: Type.Literal(true),
  rotated: Type.Integer({ description: 'secrets that were re-encrypted' }),
  unreadable: Type.Integer({ description: 'secrets that no key of this engine opens; they were left' }),
  secrets: Type.Array(
    Type.Object({ table: string, column: string, rotated: Type.Integer(), unreadable: Type.Integer() }),
  ),
})

export const addSecretRoutes = (api: Api, secrets: SecretDoors): void => {
  api.get(
    '/v1/secrets',
    {
      config: { scope: 'platform:read' },
      schema: {
        tags,
        summary: 'How many secrets stand under the master key, and how many under older ones',
        response: answers(200, Counts, 503),
      },
    },
    async () => ({ success: true, secrets: await secrets.count() }),
  )
  api.post(
    '/v1/secrets/rotate',
    {
      config: { scope: 'platform:write' },
      schema: {
        tags,
        summary: 'Re-encrypts every secret under the master key; what was done stays done if it is cut off',
        response: answers(200, Rotations, 503),
      },
    },
    async () => {
      const rotations = await secrets.rotate()
      const sum = (of: 'rotated' | 'unreadable'): number =>
        rotations.reduce((total, rotation) => total + rotation[of], 0)
      return {
        success: true,
        rotated: sum('rotated'),
        unreadable: sum('unreadable'),
        secrets: rotations.map((rotation) => ({ ...rotation })),
      }
    },
  )
}
