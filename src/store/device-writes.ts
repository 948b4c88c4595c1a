/** Phones that register. A password is kept nowhere; only its hash with the user name and the domain. */
import { createHash } from 'node:crypto'
import type { Database, Queryable } from './database.ts'
import { badInput, id, matching, plain } from './input.ts'
import { insertRow, inTransaction, removeRow, updateRow, type Changes } from './row-writes.ts'

export type NewDevice = {
  readonly userId: number
  readonly username: string
  readonly password: string
  readonly enabled?: boolean | undefined
}

export const addDevice = async (on: Database | Queryable, record: NewDevice): Promise<number> => {
  const userId = id('userId', record.userId)
  const username = checkUsername(record.username)
  const password = checkPassword(record.password)
  return inTransaction(on, async (transaction) => {
    // Locked, so that the domain is the same when the hash that was made with it is written.
    const [user] = await transaction.query<Owner>(
      `SELECT users.organization_id, organizations.sip_domain
       FROM users JOIN organizations ON organizations.id = users.organization_id WHERE users.id = $1
       FOR SHARE OF organizations`,
      [userId],
    )
    if (user === undefined) throw badInput('userId', 'there is no such user')
    return insertRow(transaction, 'devices', {
      organization_id: user.organization_id,
      user_id: userId,
      username,
      a1_hash: a1HashOf(username, user.sip_domain, password),
      enabled: record.enabled,
    })
  })
}

/** Another user must be of the same organisation; another user name needs the password, which hashes with it. */
export const updateDevice = async (
  on: Database | Queryable,
  deviceId: number,
  changes: Changes<NewDevice>,
): Promise<boolean> => {
  const userId = changes.userId === undefined ? undefined : id('userId', changes.userId)
  const username = changes.username === undefined ? undefined : checkUsername(changes.username)
  const password = changes.password === undefined ? undefined : checkPassword(changes.password)
  return inTransaction(on, async (transaction) => {
    const [current] = await transaction.query<Owner & { readonly username: string }>(
      `SELECT devices.username, devices.organization_id, organizations.sip_domain
       FROM devices JOIN organizations ON organizations.id = devices.organization_id WHERE devices.id = $1
       FOR UPDATE OF devices FOR SHARE OF organizations`,
      [id('id', deviceId)],
    )
    if (current === undefined) return false
    if (username !== undefined && username !== current.username && password === undefined)
      throw badInput('password', 'a new user name needs the password again, which is hashed with it')
    return updateRow(transaction, 'devices', deviceId, {
      user_id: userId,
      username,
      a1_hash:
        password === undefined
          ? undefined
          : a1HashOf(username ?? current.username, current.sip_domain, password),
      enabled: changes.enabled,
    })
  })
}

export const removeDevice = (on: Database | Queryable, deviceId: number): Promise<boolean> =>
  removeRow(on, 'devices', deviceId)

type Owner = { readonly organization_id: number; readonly sip_domain: string }

const checkUsername = (username: string): string =>
  matching('username', username, /^[A-Za-z0-9_.-]{1,64}$/, 'only letters, digits, _ . and - make a user name')

const checkPassword = (given: string): string => {
  const password = plain('password', given, 255)
  if (password.length < 8) throw badInput('password', 'it has fewer than 8 characters')
  return password
}

/** RFC 2617's HA1: md5(username:domain:password) in lower-case hex, what FreeSWITCH calls a1-hash. */
export const a1HashOf = (username: string, domain: string, password: string): string =>
  createHash('md5').update(`${username}:${domain}:${password}`).digest('hex')
