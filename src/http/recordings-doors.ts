/** What the routes of recordings need, as shapes; `app` gives them. `organizationId` undefined is the platform. */
import type { RecordingPart } from '../recording/file-name.ts'
import type { ArchivePolicy, NewArchivePolicy } from '../store/archive-policies.ts'
import type { AuditLine, RecordingQuery, StoredFile, StoredRecording } from '../store/recording-reads.ts'
import type { Actor, Bound } from '../store/recording-writes.ts'
import type { Pending, IntakeState } from '../media/intake.ts'
import type { Quarantined } from '../media/recording-folder.ts'

export type {
  Actor,
  ArchivePolicy,
  AuditLine,
  Bound,
  IntakeState,
  NewArchivePolicy,
  Pending,
  Quarantined,
  RecordingQuery,
  StoredFile,
  StoredRecording,
}

export type ByteRange = { readonly first: number; readonly last: number }

export type RecordingDoors = {
  readonly list: (
    query: RecordingQuery,
  ) => Promise<{ readonly recordings: readonly StoredRecording[]; readonly next: string | undefined }>
  readonly find: (bound: Bound) => Promise<StoredRecording | undefined>
  /**
   * The bytes of a file as it is heard, after who hears them is written down. Throws MEDIA_GONE, MEDIA_DAMAGED and
   * MEDIA_STORE_UNAVAILABLE before the first byte where it can be known then.
   */
  readonly listen: (
    recording: StoredRecording,
    file: StoredFile,
    range: ByteRange,
    actor: Actor,
  ) => Promise<AsyncIterable<Uint8Array>>
  readonly remove: (bound: Bound, actor: Actor) => Promise<'deleted' | 'held' | 'not-found'>
  readonly hold: (bound: Bound, reason: string, actor: Actor) => Promise<'held' | 'not-found'>
  readonly release: (bound: Bound, actor: Actor) => Promise<'released' | 'not-held' | 'not-found'>
  readonly audit: (bound: Bound) => Promise<readonly AuditLine[] | undefined>
  /** A query that lets whoever has it listen until it ends, without a token. */
  readonly link: (recording: StoredRecording, link: LinkRequest, actor: Actor) => Promise<SignedLink>
  /** Undefined: the link is not ours, or its time is over. */
  readonly readLink: (query: LinkQuery) => LinkGrant | undefined
  readonly rotateKey: (
    organizationId: number,
  ) => Promise<{ readonly keyId: number; readonly files: number } | undefined>
  readonly state: () => IntakeState
  readonly pending: (organizationId: number | undefined) => Promise<readonly Pending[]>
  readonly quarantined: (organizationId: number | undefined) => Promise<readonly Quarantined[]>
  readonly archivePolicies: {
    readonly list: (organizationId: number | undefined) => Promise<readonly ArchivePolicy[]>
    readonly find: (id: number, organizationId: number | undefined) => Promise<ArchivePolicy | undefined>
    readonly add: (policy: NewArchivePolicy) => Promise<ArchivePolicy>
    readonly remove: (id: number) => Promise<boolean>
  }
}

export type LinkRequest = { readonly part: RecordingPart; readonly minutes: number }
export type SignedLink = { readonly query: string; readonly expiresAt: number }
export type LinkQuery = {
  readonly recordingId: string
  readonly part: string
  readonly expires: number
  readonly by: string
  readonly signature: string
}
export type LinkGrant = { readonly part: RecordingPart; readonly by: string }
