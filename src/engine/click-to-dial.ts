/** From a request of the API to a ringing phone, or the reason why not. Nothing is dialled before all is checked. */
import type { Logger } from '../base/logger.ts'
import { INSUFFICIENT_BALANCE } from '../call/prepaid.ts'
import { FRAUD_BLOCKED, PIN_REQUIRED } from '../call/fraud.ts'
import type { CallWish } from '../call/wish.ts'
import { checkCallerId } from '../caller-id/choose.ts'
import type { Directory } from '../directory/directory.ts'
import type { Device, Organization, User } from '../directory/records.ts'
import type { QuotaCounters } from '../limits/quota-counters.ts'
import { QUOTA_EXCEEDED } from '../plan/plan-quota.ts'
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
  /** For which the phone that is rung first may ring, 5 to 120. */
  readonly ringTimeoutSeconds: number | undefined
  /** What is asked for with the call; the caller ID is above, and checked here. */
  readonly wish?: Omit<CallWish, 'callerId'> | undefined
  /** Made before, for who has to know it before the call is; undefined: a new one. */
  readonly callId?: CallUuid | undefined
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
        | 'QUOTA_EXCEEDED'
        | 'INSUFFICIENT_BALANCE'
        | 'BLOCKED'
        | 'FRAUD_BLOCKED'
        | 'PIN_REQUIRED'
        | 'POLICY_NOT_FOUND'
        | 'POLICY_DISABLED'
        | 'FILE_NOT_FOUND'
        | 'SWITCH_UNAVAILABLE'
      readonly message: string
      /** With QUOTA_EXCEEDED, from 1. */
      readonly retryAfterSeconds?: number | undefined
    }

type Refused = Extract<DialOutcome, { kind: 'refused' }>
const refused = (code: Refused['code'], message: string, retryAfterSeconds?: number): Refused => ({
  kind: 'refused',
  code,
  message,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
})

export type DialOptions = {
  readonly world: World
  readonly board: Board
  readonly isSwitchUp: () => boolean
  readonly commands: SwitchCommands
  readonly planner: Pick<Planner, 'preview'>
  readonly quotas: Pick<QuotaCounters, 'check' | 'take'>
  readonly now: () => number
  readonly logger: Logger
}

export const dial = async (request: DialRequest, options: DialOptions): Promise<DialOutcome> => {
  const { world, commands } = options
  const directory = world.directory()
  const caller = findCaller(request, directory)
  if ('kind' in caller) return caller
  const { organization, user } = caller
  const requested = requestedCallerId(request, organization, user, directory)
  if (requested !== undefined && typeof requested !== 'string') return requested
  const wish: CallWish = { ...request.wish, ...(requested === undefined ? {} : { callerId: requested }) }
  const unknown = whatIsNotThere(wish, organization, directory)
  if (unknown !== undefined) return unknown
  const callId = request.callId ?? newCallUuid()
  const previewed = await preview(callId, request.to, caller, wish, options)
  if (previewed.kind === 'refused') return previewed
  if (!options.isSwitchUp()) return refused('SWITCH_UNAVAILABLE', 'the switch is not connected: see /ready')
  const device = await registeredDevice(caller.devices, organization, commands)
  if (device === undefined) {
    return refused('DEVICE_UNAVAILABLE', `no phone of ${user.extension} is registered`)
  }
  // Looked at again and taken at once: others may have called while the phone was looked for.
  const over = previewed.isEmergency ? undefined : takePlace(callId, caller, options)
  if (over !== undefined) return over
  ringUser(
    {
      callId,
      organization,
      user,
      device,
      dialled: plainNumber(request.to),
      wish,
      ringTimeoutSeconds: request.ringTimeoutSeconds ?? RING_TIMEOUT_SECONDS,
    },
    commands,
    options.board,
    options.logger,
  )
  return { kind: 'initiated', callId, callUuid: callId }
}

const plainNumber = (dialled: string): string => dialled.replace(/[\s().-]/g, '')

const takePlace = (
  callId: CallUuid,
  { organization, user }: Caller,
  { quotas, now }: Pick<DialOptions, 'quotas' | 'now'>,
): Refused | undefined => {
  const call = { callId, organizationId: organization.id, userId: user.id }
  const verdict = quotas.check(call, now())
  if (verdict.kind === 'over') return refused('QUOTA_EXCEEDED', verdict.why, verdict.retryAfterSeconds)
  quotas.take(call, now())
  return undefined
}

/** A policy that is not there would record nothing, a file that is not there say nothing, and nobody would know. */
const whatIsNotThere = (
  { recordingPolicyId, machineDetection }: CallWish,
  organization: Organization,
  directory: Directory,
): Refused | undefined => {
  if (recordingPolicyId !== undefined) {
    const policy = directory.recordingPolicy(recordingPolicyId)
    if (policy?.organizationId !== organization.id)
      return refused('POLICY_NOT_FOUND', `there is no recording policy ${recordingPolicyId}`)
    if (!policy.enabled)
      return refused('POLICY_DISABLED', `recording policy ${recordingPolicyId} is disabled`)
  }
  const fileId = machineDetection?.messageFileId
  return fileId === undefined || directory.audioFile(fileId)?.organizationId === organization.id
    ? undefined
    : refused('FILE_NOT_FOUND', `there is no audio file ${fileId}`)
}

type Caller = {
  readonly organization: Organization
  readonly user: User
  /** In the order in which they are looked for. */
  readonly devices: readonly Device[]
}

/** The one that was named first, then the others: a person who is called to the phone has one somewhere. */
const preferred = (devices: readonly Device[], deviceId: number | undefined): readonly Device[] => [
  ...devices.filter(({ id }) => id === deviceId),
  ...devices.filter(({ id }) => id !== deviceId),
]

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
    const { deviceId } = from
    const devices = directory.devicesOf(user.id)
    if (deviceId !== undefined && !devices.some(({ id }) => id === deviceId))
      return refused('DEVICE_UNAVAILABLE', `user ${user.id} has no device ${deviceId}`)
    return { organization, user, devices: preferred(devices, deviceId) }
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
          devices: device?.userId === user.id && user.extension !== from ? preferred(own, device.id) : own,
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
  user: User,
  directory: Directory,
): E164 | Refused | undefined => {
  if (request.callerId === undefined) return undefined
  const checked = checkCallerId(request.callerId, organization, directory, user)
  return checked.ok ? checked.number : refused('CALLER_ID_NOT_ALLOWED', checked.why)
}

/** A destination that the plan would refuse is told now, before a phone rings for nothing. */
const preview = async (
  callId: CallUuid,
  dialled: string,
  { organization, user }: Caller,
  wish: CallWish,
  { planner, now }: DialOptions,
): Promise<Refused | { readonly kind: 'fine'; readonly isEmergency: boolean }> => {
  const { plan } = await planner.preview({
    callId,
    organization,
    user,
    dialled,
    requestedCallerId: wish.callerId,
    wish,
    now: now(),
  })
  const { target } = plan
  // Nobody is asked for a PIN over the API: whoever has it keys it on the phone.
  if (target.kind === 'conversation' && target.flow === 'ask-pin')
    return refused('PIN_REQUIRED', plan.askPin?.why ?? 'the call needs a PIN: dial it on the phone')
  if (target.kind !== 'refuse')
    return { kind: 'fine', isEmergency: target.kind === 'carriers' && target.emergency }
  if (target.refusal === QUOTA_EXCEEDED)
    return refused('QUOTA_EXCEEDED', target.why, target.retryAfterSeconds)
  if (target.refusal === INSUFFICIENT_BALANCE) return refused(INSUFFICIENT_BALANCE, target.why)
  if (target.refusal === 'BLOCKED') return refused('BLOCKED', target.why)
  if (target.refusal === FRAUD_BLOCKED || target.refusal === PIN_REQUIRED)
    return refused(target.refusal, target.why)
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
