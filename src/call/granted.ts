/** What was asked for with a call and is done to the legs of its destination, beyond what the target itself says. */
import type { CallWish } from './wish.ts'

export type Granted = {
  /** SIP headers of each INVITE to the destination; allowed by telephony/sip-header. */
  readonly customHeaders: Readonly<Record<string, string>>
  /** False: the caller hears our own ring-back, and nothing that is sent before the answer. */
  readonly earlyMedia: boolean
  /** For the record of the destination's leg. */
  readonly crm: CallWish['crm']
}

/** The CRM's fields on the destination's leg, which carries no wish: base64url of JSON. */
export const CRM_VARIABLE = 'strowger_crm'

export const encodeCrm = (crm: NonNullable<CallWish['crm']>): string =>
  Buffer.from(JSON.stringify(crm), 'utf8').toString('base64url')
