/**
 * Every column that holds a secret as `encryptSecret` writes it: `strowger secrets rotate` re-encrypts them all. A
 * column that is missing here is lost with the old master key: a table that gets such a column gets a line.
 * `key` is its primary key, a whole number or a uuid.
 */
export type SecretColumn = { readonly table: string; readonly column: string; readonly key: string }

export const SECRET_COLUMNS: readonly SecretColumn[] = [
  { table: 'gateways', column: 'password_encrypted', key: 'id' },
  { table: 'signing_keys', column: 'private_key_encrypted', key: 'id' },
  { table: 'webhooks', column: 'secret', key: 'id' },
  { table: 'webhooks', column: 'previous_secret', key: 'id' },
  { table: 'callback_secrets', column: 'secret', key: 'organization_id' },
  { table: 'cdr_targets', column: 'credentials_encrypted', key: 'id' },
  { table: 'recording_keys', column: 'sealed_key', key: 'id' },
]
