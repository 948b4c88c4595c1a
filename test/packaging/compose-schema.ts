/**
 * The part of the Compose Specification that docker-compose.yml uses, closed: a key that is not here is a typing
 * error until somebody has looked it up (compose-spec: 05-services.md, 06-networks.md, 07-volumes.md) and added it.
 */
import { Type, type Static, type TSchema } from '@sinclair/typebox'

const closed = <Fields extends Record<string, TSchema>>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false })

const Duration = Type.String({ pattern: '^(\\d+(us|ms|s|m|h))+$' })
const Words = Type.Array(Type.String({ minLength: 1 }))
const NAME = '^[a-zA-Z0-9._-]+$'
const Command = Type.Union([Type.String(), Type.Array(Type.String())])

export const Service = closed({
  build: Type.Optional(
    Type.Union([Type.String(), closed({ context: Type.String(), dockerfile: Type.Optional(Type.String()) })]),
  ),
  image: Type.Optional(Type.String()),
  restart: Type.Optional(Type.String({ pattern: '^(no|always|unless-stopped|on-failure(:\\d+)?)$' })),
  stop_grace_period: Type.Optional(Duration),
  read_only: Type.Optional(Type.Boolean()),
  tmpfs: Type.Optional(Words),
  cap_add: Type.Optional(Words),
  cap_drop: Type.Optional(Words),
  security_opt: Type.Optional(Words),
  entrypoint: Type.Optional(Command),
  command: Type.Optional(Command),
  depends_on: Type.Optional(
    Type.Record(
      Type.String({ pattern: NAME }),
      closed({
        condition: Type.Union([
          Type.Literal('service_started'),
          Type.Literal('service_healthy'),
          Type.Literal('service_completed_successfully'),
        ]),
        restart: Type.Optional(Type.Boolean()),
        required: Type.Optional(Type.Boolean()),
      }),
    ),
  ),
  networks: Type.Optional(Words),
  /** The short syntax alone. */
  ports: Type.Optional(Words),
  volumes: Type.Optional(Words),
  environment: Type.Optional(
    Type.Record(
      Type.String({ pattern: '^[A-Z][A-Z0-9_]*$' }),
      // No bare numbers and booleans: YAML reads `0640` and `yes` in its own way.
      Type.Union([Type.String(), Type.Null()]),
    ),
  ),
  healthcheck: Type.Optional(
    closed({
      test: Type.Array(Type.String(), { minItems: 2 }),
      interval: Type.Optional(Duration),
      timeout: Type.Optional(Duration),
      retries: Type.Optional(Type.Integer({ minimum: 1 })),
      start_period: Type.Optional(Duration),
    }),
  ),
})

const NamedThings = Type.Record(
  Type.String({ pattern: NAME }),
  Type.Union([
    Type.Null(),
    closed({
      driver: Type.Optional(Type.String()),
      internal: Type.Optional(Type.Boolean()),
      name: Type.Optional(Type.String()),
    }),
  ]),
)

export const Compose = closed({
  name: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9_-]*$' })),
  services: Type.Record(Type.String({ pattern: NAME }), Service),
  networks: Type.Optional(NamedThings),
  volumes: Type.Optional(NamedThings),
})

export type Compose = Static<typeof Compose>
export type Service = Static<typeof Service>
