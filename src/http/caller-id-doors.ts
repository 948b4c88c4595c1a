/** What the routes of caller IDs need, as shapes. */
import type { Verification } from './caller-id-verification-json.ts'

export type ValidateRequest = {
  readonly number: string
  /** Undefined: the only one there is. */
  readonly organizationId: number | undefined
  readonly userId: number | undefined
}

/** The reference's answer. */
export type Validation = {
  readonly valid: boolean
  /** As it was given. */
  readonly number: string
  readonly normalized: string | undefined
  readonly ownership: {
    readonly type: 'organization' | 'user' | 'verified' | 'carrier' | 'none'
    readonly verified: boolean
    /** Milliseconds since the epoch. */
    readonly verificationDate: number | undefined
  }
  /** Why it may not be shown, or not everywhere; stable, for programs. */
  readonly restrictions: readonly string[]
  /** By the carriers' codes. */
  readonly carrierSupport: Readonly<Record<string, boolean>>
}

export type StartVerification = {
  readonly number: string
  readonly method: 'call' | 'sms'
  readonly organizationId: number | undefined
  readonly userId: number | undefined
}

/** Faults are EngineErrors: CALLER_ID_TOO_MANY, CALLER_ID_WRONG_CODE, CALLER_ID_CODE_OVER, CALLER_ID_METHOD_AWAY. */
export type CallerIdDoors = {
  readonly validate: (request: ValidateRequest) => Promise<Validation>
  readonly list: (organizationId: number | undefined) => Promise<readonly Verification[]>
  readonly find: (id: number, organizationId: number | undefined) => Promise<Verification | undefined>
  readonly start: (request: StartVerification) => Promise<Verification>
  /** Undefined: there is no such verification. */
  readonly confirm: (
    id: number,
    code: string,
    organizationId: number | undefined,
  ) => Promise<Verification | undefined>
  readonly remove: (id: number, organizationId: number | undefined) => Promise<boolean>
}
