/** Who the callee of one attempt is told is calling: it may differ from carrier to carrier. */
import type { Attestation, IdentityHeader } from '../telephony/caller-identity.ts'
import type { E164 } from '../telephony/e164.ts'

export type AttemptCallerId = {
  /** Undefined: there is none, and nothing of the caller is told. */
  readonly number: E164 | undefined
  /** The number as the gateway wants it. */
  readonly sent: string | undefined
  /** CLIR: the callee must not see it. */
  readonly withheld: boolean
  readonly header: IdentityHeader
  /** The carrier may know a number that is withheld. */
  readonly trusted: boolean
  /** The host in the identity header. */
  readonly host: string
  /** Of an emergency call: where the caller is, by reference. */
  readonly locationUri?: string | undefined
  /** The call is to be signed with this attestation (RFC 8588). */
  readonly attestation?: Attestation | undefined
  /** The Identity header of RFC 8224, once it is signed. */
  readonly identity?: string | undefined
}
