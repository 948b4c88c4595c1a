/** Caller IDs over the API: what is asked of the snapshot, and the proof that a number is somebody's. */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { standingOf } from '../caller-id/choose.ts'
import { isTaken } from '../caller-id/per-carrier.ts'
import { verifiable } from '../caller-id/verifiable.ts'
import type { CallerIdConfig } from '../config/caller-id.ts'
import { createVerificationSms } from '../deliver/verification-sms.ts'
import type { Directory } from '../directory/directory.ts'
import type { Organization, User } from '../directory/records.ts'
import { callWithCode, type VerificationCallParts } from '../engine/verification-call.ts'
import type { CallerIdDoors, Validation, ValidateRequest } from '../http/caller-id-doors.ts'
import {
  confirmVerification,
  failVerification,
  findVerification,
  listVerifications,
  numberAddedAt,
  removeVerification,
  startVerification,
} from '../store/caller-id-verifications.ts'
import type { Database } from '../store/database.ts'
import { parseNumber, type E164 } from '../telephony/e164.ts'

export type CallerIdParts = Omit<VerificationCallParts, 'now'> & {
  readonly database: Database
  readonly config: CallerIdConfig
  readonly masterKey: Buffer
  readonly isSwitchUp: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** A provider that does not answer is given up after so long. */
const SMS_TIMEOUT_MS = 10_000

export const createCallerIdDoors = (parts: CallerIdParts): CallerIdDoors => {
  const { database, config, world, clock, logger } = parts
  const sendSms =
    config.smsUrl === undefined
      ? undefined
      : createVerificationSms({ url: config.smsUrl, timeoutMs: SMS_TIMEOUT_MS, clock })
  const hashOf = (rowId: number, code: string): Buffer =>
    createHmac('sha256', parts.masterKey).update(`caller-id verification ${rowId} ${code}`).digest()

  const send = async (
    rowId: number,
    method: 'call' | 'sms',
    request: { organizationId: number; userId: number | undefined; number: E164; code: string },
  ): Promise<void> => {
    const why =
      method === 'call'
        ? await callWithCode(request, { ...parts, now: clock.now })
        : await sendSms?.(request.number, `Your code is ${request.code}`)
    if (why !== undefined) await failVerification(database, rowId, why)
  }

  return {
    validate: (request) => validate(request, world.directory(), database),
    list: (organizationId) => listVerifications(database, organizationId),
    find: (id, organizationId) => findVerification(database, id, organizationId),
    start: async ({ number: given, method, organizationId, userId }) => {
      const directory = world.directory()
      const organization = organizationOf(organizationId, directory)
      const user = userOf(userId, organization, directory)
      const checked = verifiable(given, organization.country)
      if (!checked.ok) throw badField('number', checked.why)
      const { number } = checked
      const ddi = directory.ddi(number)
      if (ddi?.organizationId === organization.id)
        throw new EngineError('STORE_CONFLICT', 'number: it is a number of the organisation already', {
          field: 'number',
        })
      // Whose it is is nobody's business.
      if (ddi !== undefined) throw badField('number', 'it cannot be verified')
      if (directory.blockedBy(organization.id, number.slice(1)) !== undefined)
        throw badField('number', 'it must not be called')
      if (method === 'sms' && sendSms === undefined)
        throw new EngineError('CALLER_ID_METHOD_AWAY', 'no SMS provider is configured: take a call')
      if (method === 'call' && !parts.isSwitchUp())
        throw new EngineError('SWITCH_UNAVAILABLE', 'the switch is not connected: see /ready')
      const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
      const rowId = await startVerification(
        database,
        { organizationId: organization.id, userId: user?.id, number, method },
        (id) => hashOf(id, code),
      )
      // A phone may ring for a minute: who asked reads how it went, or hears it.
      send(rowId, method, { organizationId: organization.id, userId: user?.id, number, code }).catch(
        (fault: unknown) => logger.warn({ err: asError(fault), rowId }, 'a code could not be sent'),
      )
      return there(await findVerification(database, rowId, organization.id))
    },
    confirm: async (id, code, organizationId) => {
      const matches = (hash: Buffer): boolean => {
        const own = hashOf(id, code)
        return hash.length === own.length && timingSafeEqual(hash, own)
      }
      const confirmed = await confirmVerification(
        database,
        id,
        organizationId,
        matches,
        config.verificationDays,
      )
      switch (confirmed.kind) {
        case 'unknown':
          return undefined
        case 'over':
          throw new EngineError('CALLER_ID_CODE_OVER', 'the code is used up or too old: ask for another')
        case 'wrong':
          throw new EngineError(
            'CALLER_ID_WRONG_CODE',
            `code: it is not the one that was sent; ${confirmed.attemptsLeft} tries are left`,
            { field: 'code' },
          )
        case 'verified':
          return findVerification(database, id, organizationId)
      }
    },
    remove: (id, organizationId) => removeVerification(database, id, organizationId),
  }
}

const validate = async (
  { number: given, organizationId, userId }: ValidateRequest,
  directory: Directory,
  database: Database,
): Promise<Validation> => {
  const organization = organizationOf(organizationId, directory)
  const user = userOf(userId, organization, directory)
  const number = parseNumber(given, organization.country)?.number
  const nothing = { type: 'none', verified: false, verificationDate: undefined } as const
  if (number === undefined) {
    return {
      valid: false,
      number: given,
      normalized: undefined,
      ownership: nothing,
      restrictions: ['NOT_A_NUMBER'],
      carrierSupport: {},
    }
  }
  const standing = standingOf(number, organization, user, directory)
  const carriers = offeredCarriers(organization, directory)
  const carrierSupport = Object.fromEntries(
    carriers.map((carrier) => [
      carrier.code,
      carrier.carriesCallerId &&
        standing !== undefined &&
        isTaken(number, carrier, organization, user, directory),
    ]),
  )
  const supporting = Object.values(carrierSupport).filter(Boolean).length
  const ddi = directory.ddi(number)
  const restrictions = [
    ...(standing !== undefined ? [] : [ddi === undefined ? 'NOT_OWNED' : 'OWNED_BY_ANOTHER']),
    ...(standing === undefined || supporting === carriers.length
      ? []
      : [supporting === 0 ? 'NO_CARRIER' : 'SOME_CARRIERS_ONLY']),
    ...(user?.presentation === 'withheld' ? ['WITHHELD_BY_USER'] : []),
  ]
  return {
    valid: standing !== undefined,
    number: given,
    normalized: number,
    ownership: await ownershipOf(number, standing, organization, user, directory, database),
    restrictions,
    carrierSupport,
  }
}

const ownershipOf = async (
  number: E164,
  standing: ReturnType<typeof standingOf>,
  organization: Organization,
  user: User | undefined,
  directory: Directory,
  database: Database,
): Promise<Validation['ownership']> => {
  switch (standing) {
    case 'owned':
      return {
        type: user !== undefined && directory.ddi(number)?.userId === user.id ? 'user' : 'organization',
        verified: true,
        verificationDate: await numberAddedAt(database, organization.id, number),
      }
    case 'verified':
      return {
        type: 'verified',
        verified: true,
        verificationDate: directory.callerIds.verified(organization.id, user?.id, number)?.verifiedAt,
      }
    case 'listed':
      return { type: 'carrier', verified: true, verificationDate: undefined }
    case undefined:
      return { type: 'none', verified: false, verificationDate: undefined }
  }
}

const offeredCarriers = (organization: Organization, directory: Directory) => {
  const ids = new Set(directory.gateways().map(({ carrierId }) => carrierId))
  return [...ids].flatMap((id) => {
    const carrier = directory.carrier(id)
    return carrier?.enabled === true && (carrier.organizationId ?? organization.id) === organization.id
      ? [carrier]
      : []
  })
}

const organizationOf = (id: number | undefined, directory: Directory): Organization => {
  const [organization, ...others] = directory.organizations().filter((one) => one.id === (id ?? one.id))
  if (organization !== undefined && others.length === 0) return organization
  const message = organization === undefined ? 'there is no such organisation' : 'say which organisation'
  throw new EngineError('ORGANIZATION_NOT_FOUND', message, { field: 'organizationId' })
}

const userOf = (
  id: number | undefined,
  organization: Organization,
  directory: Directory,
): User | undefined => {
  if (id === undefined) return undefined
  const user = directory.user(id)
  if (user?.organizationId === organization.id) return user
  throw new EngineError('USER_NOT_FOUND', `${organization.name} has no user ${id}`, { field: 'userId' })
}

const badField = (field: string, why: string): EngineError =>
  new EngineError('STORE_BAD_INPUT', `${field}: ${why}`, { field })

const there = <Row>(row: Row | undefined): Row => {
  if (row !== undefined) return row
  throw new EngineError('STORE_NOT_FOUND', 'the record was removed as soon as it was added')
}
