/**
 * Who may call the API, joined: keys and clients in memory as the tables have them, our own tokens signed and checked,
 * those of an outside issuer checked. A request waits for no database; when each key was used is written behind.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createLocalJWKSet, importPKCS8, type CryptoKey, type JSONWebKeySet } from 'jose'
import { createAccessBook, EMPTY_RECORDS, type AccessBook } from '../access/access-book.ts'
import { isScope, type Scope } from '../access/caller.ts'
import {
  issuerOf,
  looksSigned,
  OWN_ALGORITHM,
  ownRules,
  signOwn,
  TOKEN_SECONDS,
  verify,
} from '../access/json-web-token.ts'
import { digestOf, keyOf } from '../access/key-text.ts'
import { holderOfOutside, holderOfOwn } from '../access/token-claims.ts'
import { every, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { OutsideIssuer } from '../config/access.ts'
import { createIssuerKeys } from '../deliver/issuer-keys.ts'
import type { AccessDoors, Granted, GrantRequest, Holder } from '../http/access-doors.ts'
import { loadAccess } from '../store/access-rows.ts'
import * as writes from '../store/access-writes.ts'
import type { Database } from '../store/database.ts'
import { countSecrets, rotateSecrets, type Rotation } from '../store/secret-rotation.ts'
import { ensureSigningKey, loadSigningKeys } from '../store/signing-keys.ts'

export type Access = {
  readonly doors: AccessDoors
  /** Makes the pair of keys that signs, where there is none: after the migrations. */
  readonly prepare: () => Promise<void>
  /** Reads the tables: after every change of them. */
  readonly reload: () => Promise<void>
  readonly start: () => void
  /** Writes what was used last, once. */
  readonly stop: () => Promise<void>
}

export type AccessOptions = {
  readonly database: Database
  /** The first encrypts, all of them open. */
  readonly masterKeys: readonly [Buffer, ...Buffer[]]
  /** Undefined: only we issue tokens. */
  readonly outside: OutsideIssuer | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const WRITE_USES_EVERY_MS = 10_000

type Signer = { readonly kid: string; readonly privateKey: CryptoKey }

export const createAccess = (options: AccessOptions): Access => {
  const { database, masterKeys, outside, clock, logger } = options
  const [masterKey] = masterKeys
  let book: AccessBook = createAccessBook(EMPTY_RECORDS)
  let publicKeys: JSONWebKeySet = { keys: [] }
  let ownKey = createLocalJWKSet(publicKeys)
  let signer: Signer | undefined
  const issuerKeys =
    outside === undefined ? undefined : createIssuerKeys({ url: outside.jwksUrl, clock, logger })
  const uses = { keys: new Map<number, number>(), clients: new Map<number, number>() }

  const reload = async (): Promise<void> => {
    const keys = await loadSigningKeys(database, masterKeys)
    book = createAccessBook(await loadAccess(database))
    publicKeys = { keys: [...keys.publicKeys] }
    ownKey = createLocalJWKSet(publicKeys)
    if (keys.signer !== undefined && keys.signer.kid !== signer?.kid) {
      const { kid, pkcs8 } = keys.signer
      signer = { kid, privateKey: await importPKCS8(pkcs8, OWN_ALGORITHM) }
    }
  }

  const holderOfToken = async (token: string): Promise<Holder> => {
    if (outside !== undefined && issuerKeys !== undefined && issuerOf(token) === outside.issuer) {
      const { issuer, audience, algorithms } = outside
      const verified = await verify(token, { issuer, audience, algorithms, key: issuerKeys.key }, clock.now())
      return verified.kind === 'unknown' ? verified : holderOfOutside(verified.claims, outside.claims, book)
    }
    const verified = await verify(token, ownRules(ownKey), clock.now())
    return verified.kind === 'unknown' ? verified : holderOfOwn(verified.claims, book)
  }

  const grant = async ({ clientId, clientSecret, scope }: GrantRequest): Promise<Granted> => {
    const client = book.client(clientId, clientSecret)
    if (client === undefined)
      return {
        kind: 'refused',
        error: 'invalid_client',
        why: 'there is no such client, or its secret is another',
      }
    const wanted = scope === undefined ? client.scopes : scope.split(' ').filter((word) => word !== '')
    const granted = wanted.filter((word): word is Scope => isScope(word) && client.scopes.includes(word))
    if (granted.length !== wanted.length || granted.length === 0)
      return {
        kind: 'refused',
        error: 'invalid_scope',
        why: 'the client does not have every scope that it asks for',
      }
    if (signer === undefined)
      throw new EngineError('ACCESS_NO_SIGNER', 'no token can be issued yet: the database was never read')
    const now = clock.now()
    uses.clients.set(client.id, now)
    const scopes = [...new Set(granted)]
    const token = await signOwn(
      { clientId, organizationId: client.organizationId, scopes, now, tokenId: randomUUID() },
      signer,
    )
    return { kind: 'granted', token, expiresInSeconds: TOKEN_SECONDS, scopes }
  }

  /** What was just written has to hold in the next request, here at least. */
  const afterWrite = async <Result>(written: Promise<Result>): Promise<Result> => {
    const result = await written
    await reload()
    return result
  }
  const found = <Row>(row: Row | undefined): Row => {
    if (row !== undefined) return row
    throw new EngineError('STORE_NOT_FOUND', 'the record was removed as soon as it was added')
  }

  let rotating: Promise<readonly Rotation[]> | undefined
  const rotate = (): Promise<readonly Rotation[]> => {
    rotating ??= rotateSecrets(database, masterKey, masterKeys, ({ table }, rotated) =>
      logger.info({ table, rotated }, 'secrets were re-encrypted'),
    ).finally(() => {
      rotating = undefined
    })
    return rotating
  }

  const doors: AccessDoors = {
    holderOf: (token) => {
      const now = clock.now()
      const holder = book.keyHolder(token, now)
      if (holder?.kind === 'known') uses.keys.set(holder.id, now)
      if (holder !== undefined) return holder
      return looksSigned(token)
        ? holderOfToken(token)
        : { kind: 'unknown', why: 'this is neither an API key nor a token that somebody signed' }
    },
    grant,
    publicKeys: () => ({ keys: publicKeys.keys.map((key) => ({ ...key })) }),
    apiKeys: {
      list: (boundTo) => writes.listApiKeys(database, boundTo),
      get: (id, boundTo) => writes.getApiKey(database, id, boundTo),
      add: async (record) => {
        const { prefix, key } = keyOf(randomBytes(6), randomBytes(32))
        const id = await afterWrite(writes.addApiKey(database, { ...record, prefix, digest: digestOf(key) }))
        return { ...found(await writes.getApiKey(database, id, record.organizationId)), key }
      },
      remove: (id, boundTo) => afterWrite(writes.revokeApiKey(database, id, boundTo)),
    },
    oauthClients: {
      list: (boundTo) => writes.listOauthClients(database, boundTo),
      get: (id, boundTo) => writes.getOauthClient(database, id, boundTo),
      add: async (record) => {
        const clientId = randomBytes(12).toString('hex')
        const clientSecret = `cs_${randomBytes(32).toString('base64url')}`
        const digest = digestOf(clientSecret)
        const id = await afterWrite(writes.addOauthClient(database, { ...record, clientId, digest }))
        return { ...found(await writes.getOauthClient(database, id, record.organizationId)), clientSecret }
      },
      remove: (id, boundTo) => afterWrite(writes.removeOauthClient(database, id, boundTo)),
    },
    secrets: { count: () => countSecrets(database, masterKey), rotate },
  }

  const writeUses = async (): Promise<void> => {
    for (const [table, noted] of [
      ['api_keys', uses.keys],
      ['oauth_clients', uses.clients],
    ] as const) {
      const batch = new Map(noted)
      noted.clear()
      try {
        await writes.noteUses(database, table, batch)
      } catch (fault) {
        // Nobody's right hangs on it: what was not written is written with the next use.
        logger.debug({ why: asError(fault).message }, 'when keys were used could not be written')
      }
    }
  }

  let stopWriting = (): void => undefined
  return {
    doors,
    prepare: () => ensureSigningKey(database, masterKey, masterKeys, OWN_ALGORITHM),
    reload,
    start: () => {
      issuerKeys?.start()
      stopWriting = every(clock, WRITE_USES_EVERY_MS, writeUses)
    },
    stop: async () => {
      stopWriting()
      issuerKeys?.stop()
      await writeUses()
    },
  }
}
