/**
 * The keys that sign what the engines issue: made once for all engines of a database, the private half encrypted
 * under the master key. The newest that can be opened signs; the public halves of all of them check.
 */
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, type JWK } from 'jose'
import { codeOf } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { decryptSecret, encryptSecret } from './secret.ts'

export type SigningKeys = {
  /** Undefined: none could be opened. */
  readonly signer: { readonly kid: string; readonly pkcs8: string } | undefined
  /** With `kid`, `alg` and `use`, newest first. */
  readonly publicKeys: readonly JWK[]
}

export const loadSigningKeys = async (on: Queryable, masterKeys: readonly Buffer[]): Promise<SigningKeys> => {
  const rows = await on.query<{ kid: string; public_jwk: JWK; private_key_encrypted: string }>(
    'SELECT kid, public_jwk, private_key_encrypted FROM signing_keys ORDER BY id DESC',
  )
  let signer: SigningKeys['signer']
  for (const { kid, private_key_encrypted: sealed } of rows) {
    signer ??= open(kid, sealed, masterKeys)
  }
  return { signer, publicKeys: rows.map((row) => row.public_jwk) }
}

/** One that was encrypted under a master key that is gone signs no more; what it signed still counts. */
const open = (kid: string, sealed: string, masterKeys: readonly Buffer[]): SigningKeys['signer'] => {
  try {
    return { kid, pkcs8: decryptSecret(masterKeys, sealed) }
  } catch (fault) {
    if (codeOf(fault) === 'STORE_BAD_SECRET') return undefined
    throw fault
  }
}

/** Makes a pair where there is none that can be opened. Engines that start at once make one. */
export const ensureSigningKey = (
  database: Database,
  masterKey: Buffer,
  masterKeys: readonly Buffer[],
  algorithm: string,
): Promise<void> =>
  database.transaction(async (on) => {
    await on.query(`SELECT pg_advisory_xact_lock(hashtext('strowger signing keys'))`)
    if ((await loadSigningKeys(on, masterKeys)).signer !== undefined) return
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
    const jwk = await exportJWK(publicKey)
    const kid = await calculateJwkThumbprint(jwk)
    await on.query('INSERT INTO signing_keys (kid, public_jwk, private_key_encrypted) VALUES ($1, $2, $3)', [
      kid,
      JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' }),
      encryptSecret(masterKey, await exportPKCS8(privateKey)),
    ])
  })
