/** From a request of the API to a ringing phone, or the reason why not. Nothing is dialled before all is checked. */
import type { Logger } from '../base/logger.ts'
import { checkCallerId } from '../caller-id/choose.ts'
import type { Directory } from '../directory/directory.ts'
import type { Device, Organization, User } from '../directory/records.ts'
import { RING_TIMEOUT_SECONDS } from '../plan/plan-routes.ts'
import { newCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import type { E164 } from '../telephony/e164.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import { ringUser } from './originate.ts'
import type { Planner } from './planner.ts'
import type { World } from './world.ts'

export type DialRequest = {
  /** An extension or a device's username of the organisation, or a user (and device) by id. */
  readonly from: string | { readonly userId: number; readonly deviceId: number | undefined }
  /** As it would be dialled on the phone. */
  readonly to: string
  readonly organizationId: number | undefined
  readonly callerId: string | undefined
  /** 5 to 120. */
  readonly ringTimeoutSeconds: number | undefined
}

export type DialOutcome =
  | { readonly kind: 'initiated'; readonly callId: CallUuid; readonly callUuid: CallUuid }
  | {
      readonly kind: 'refused'
      readonly code:
        | 'INVALID_DESTINATION'
        | 'USER_NOT_FOUND'
        | 'DEVICE_UNAVAILABLE'
        | 'CALLER_ID_NOT_ALLOWED'
        | 'CARRIER_UNAVAILABLE'
        | 'SWITCH_UNAVAILABLE'
      readonly message: string
    }

type Refused = Extract<DialOutcome, { kind: 'refused' }>
const refused = (code: Refused['code'], message: string): Refused => ({ kind: 'refused', code, message })

export type DialOptions = {
  readonly world: World
  readonly board: Board
  readonly isSwitchUp: () => boolean
  readonly commands: SwitchCommands
  readonly planner: Pick<Planner, 'preview'>
  readonly now: () => number
  readonly logger: Logger
}

export const dial = async (request: DialRequest, options: DialOptions): Promise<DialOutcome> => {
  const { world, commands } = options
  const directory = world.directory()
  const caller = findCaller(request, directory)
  if ('kind' in caller) return caller
  const { organization, user } = caller
  const requested = requestedCallerId(request, organization, directory)
  if (requested !== undefined && typeof requested !== 'string') return requested
  const blocked = await unreachable(request, organization, user, requested, options)
  if (blocked !== undefined) return blocked
  if (!options.isSwitchUp()) return refused('SWITCH_UNAVAILABLE', 'the switch is not connected: see /ready')
  const device = await registeredDevice(caller.devices, organization, commands)
  if (device === undefined) {
    return refused('DEVICE_UNAVAILABLE', `no phone of ${user.extension} is registered`)
  }
  const callId = newCallUuid()
  ringUser(
    {
      callId,
      organization,
      user,
      device,
      dialled: request.to.replace(/[\s().-]/g, ''),
      requestedCallerId: requested,
      ringTimeoutSeconds: request.ringTimeoutSeconds ?? RING_TIMEOUT_SECONDS,
    },
    commands,
    options.board,
    options.logger,
  )
  return { kind: 'initiated', callId, callUuid: callId }
}

type Caller = {
  readonly organization: Organization
  readonly user: User
  readonly devices: readonly Device[]
}

const findCaller = ({ from, organizationId }: DialRequest, directory: Directory): Caller | Refused => {
  if (typeof from !== 'string') {
    const user = directory.user(from.userId)
    const organization = user === undefined ? undefined : directory.organization(user.organizationId)
    if (
      user === undefined ||
      organization === undefined ||
      (organizationId ?? organization.id) !== organization.id
    ) {
      return refused('USER_NOT_FOUND', `there is no user ${from.userId}`)
    }
    const devices = directory
      .devicesOf(user.id)
      .filter(({ id }) => from.deviceId === undefined || id === from.deviceId)
    return { organization, user, devices }
  }
  const found = directory
    .organizations()
    .filter(({ id }) => organizationId === undefined || id === organizationId)
    .flatMap((organization): Caller[] => {
      const device = directory.device(organization.id, from)
      const user =
        directory.userOfExtension(organization.id, from) ??
        (device === undefined ? undefined : directory.user(device.userId))
      if (user === undefined) return []
      const own = directory.devicesOf(user.id)
      return [
        {
          organization,
          user,
          devices: device?.userId === user.id && user.extension !== from ? [device] : own,
        },
      ]
    })
  const [only, another] = found
  if (only === undefined)
    return refused('USER_NOT_FOUND', `there is no extension or device "${from.slice(0, 40)}"`)
  if (another !== undefined) {
    return refused(
      'USER_NOT_FOUND',
      `several organisations have an extension ${from.slice(0, 40)}: name one by organizationId`,
    )
  }
  return only
}

const requestedCallerId = (
  request: DialRequest,
  organization: Organization,
  directory: Directory,
): E164 | Refused | undefined => {
  if (request.callerId === undefined) return undefined
  const checked = checkCallerId(request.callerId, organization, directory)
  return checked.ok ? checked.number : refused('CALLER_ID_NOT_ALLOWED', checked.why)
}

/** A destination that the plan would refuse is told now, before a phone rings for nothing. */
const unreachable = async (
  request: DialRequest,
  organization: Organization,
  user: User,
  requested: E164 | undefined,
  { planner, now }: DialOptions,
): Promise<Refused | undefined> => {
  const { plan } = await planner.preview({
    callId: newCallUuid(),
    organization,
    user,
    dialled: request.to,
    requestedCallerId: requested,
    now: now(),
  })
  const { target } = plan
  if (target.kind !== 'refuse') return undefined
  return target.cause === 'INVALID_NUMBER_FORMAT' || target.cause === 'UNALLOCATED_NUMBER'
    ? refused('INVALID_DESTINATION', target.why)
    : refused('CARRIER_UNAVAILABLE', target.why)
}

/** The first device that is registered. The username is `[\w.-]+` by the table's own check. */
const registeredDevice = async (
  devices: readonly Device[],
  organization: Organization,
  commands: SwitchCommands,
): Promise<Device | undefined> => {
  for (const device of devices) {
    const contact = await commands.api('sofia_contact', `phones/${device.username}@${organization.sipDomain}`)
    if (errorIn(contact) === undefined && !contact.startsWith('error/')) return device
  }
  return undefined
}
