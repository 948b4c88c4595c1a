/** The plan of a leg that was transferred, made as if our user had dialled: what differs from a dialled call. Pure. */
import type { CarriedCall } from '../call/carried.ts'
import type { Plan } from '../call/plan.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'

export type Transferred = {
  /** Whose dialplan the plan becomes. */
  readonly channelUuid: CallUuid
  readonly callId: CallUuid
  /** What the channel carried, where it is the caller's. */
  readonly before: CarriedCall | undefined
  /** Who is transferred, as he was shown or dialled. */
  readonly party: { readonly number: string | undefined; readonly name: string | undefined }
}

export const asTransferred = (plan: Plan, { channelUuid, callId, before, party }: Transferred): Plan => {
  const { call, target } = plan
  const ownLeg = channelUuid === callId ? {} : { channelUuid }
  const merged: CarriedCall =
    before === undefined
      ? { ...call, ...ownLeg }
      : {
          // The record of the caller's leg says who called whom; its attempts are those of this plan.
          ...before,
          lcrProfileId: call.lcrProfileId ?? before.lcrProfileId,
          attempts: call.attempts,
          devices: [...before.devices, ...call.devices],
        }
  // A colleague sees who is transferred to him, not who transfers.
  const number = party.number
  const shown =
    target.kind === 'devices' && number !== undefined && number !== ''
      ? { ...target, callerId: { number, name: displayName(party.name ?? number) } }
      : target
  return {
    ...plan,
    call: merged,
    target: shown,
    // What is recorded on the caller's leg goes on through the transfer.
    recording: before === undefined ? plan.recording : undefined,
    trace: ['transferred', ...plan.trace],
  }
}
