/**
 * What the OpenAPI document says beside the routes: who may ask, by the scope that each route names in its config.
 */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySchema } from 'fastify'
import { SCOPES, type Scope } from '../access/caller.ts'

/** What each scope lets one do, for people. */
const MEANINGS: Readonly<Record<Scope, string>> = {
  'calls:read': 'see calls that are up',
  'calls:write': 'start, change and end calls',
  'calls:supervise': 'listen, whisper and barge',
  'events:read': 'follow what happens to calls',
  'cdrs:read': 'read call detail records',
  'cdrs:write': 'have a number erased from them',
  'recordings:read': 'hear recordings',
  'recordings:write': 'remove and hold recordings',
  'records:read': 'read organisations, users, devices, numbers, carriers, gateways and keys',
  'records:write': 'change them',
  'routing:read': 'read profiles, routes, blocked prefixes and rate decks, and ask for routes',
  'routing:write': 'change them',
  'webhooks:read': 'read webhooks and their deliveries',
  'webhooks:write': 'change webhooks and send again',
  'platform:read': 'metrics, bans and replays; no token of an organisation has it',
  'platform:write': 'lift bans, take in records, rotate secrets; no token of an organisation has it',
}

export const openapi = (version: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Strowger',
      version,
      description:
        'Call control for FreeSWITCH. Answers are JSON; what went wrong is { success: false, error: { code, message } }.',
    },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'the admin token (<data directory>/admin-token), an API key (sk_...), a token from /oauth/token, or one of the identity provider that is configured',
        },
        oauth2: {
          type: 'oauth2',
          description: 'client credentials (RFC 6749, 4.4); the token goes into Authorization: Bearer',
          flows: {
            clientCredentials: {
              tokenUrl: '/oauth/token',
              scopes: Object.fromEntries(SCOPES.map((scope) => [scope, MEANINGS[scope]])),
            },
          },
        },
        freeswitch: { type: 'http', scheme: 'basic', description: "FreeSWITCH's own credentials" },
      },
    },
    security: [{ token: [] }],
  },
  transform: ({ schema, url, route }) => ({ schema: withSecurity(schema, route.config?.scope), url }),
})

/** A route that says itself who may ask keeps what it says; one that names no scope is the platform's alone. */
const withSecurity = (schema: FastifySchema, scope: Scope | 'any' | undefined): FastifySchema => {
  if (schema.security !== undefined || schema.hide === true) return schema
  if (scope === 'any') return { ...schema, security: [{ token: [] }, { oauth2: [] }] }
  if (scope === undefined) {
    const description = [schema.description, 'Takes a token of the platform that has every scope.']
    return {
      ...schema,
      description: description.filter((text) => text !== undefined).join(' '),
      security: [{ token: [...SCOPES] }],
    }
  }
  return { ...schema, security: [{ token: [scope] }, { oauth2: [scope] }] }
}
