/**
 * What a target is to the rest: from a call's facts it makes pieces (what is to stand at the target), and puts each
 * there. A kind of target is one file that reads its settings, credentials and mapping (`open…`, throws
 * DELIVER_BAD_INPUT naming the field) and knows the vendor's API; it is added in open-target.ts.
 *
 * What a kind must keep: what it puts twice stands there once, wherever the vendor's API allows it; `begin` is called
 * before anything is made that a lost answer would make twice.
 */
import type { CallFacts } from './call-paths.ts'
import type { Answer, Ask, Fault } from './exchange.ts'
import type { Rendered, Sections } from './mapping.ts'
import type { AccessToken, Grant } from './token.ts'

export const TARGET_KINDS = ['salesforce', 'hubspot', 'zendesk', 'ga4', 'http'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

export const isTargetKind = (text: string): text is TargetKind => TARGET_KINDS.some((kind) => kind === text)

/** As people write them: JSON. */
export type TargetFields = {
  readonly settings: unknown
  readonly mapping: unknown
  /** Undefined: they are not looked at (a preview needs none). */
  readonly credentials: unknown
}

/** One object that a call makes at the target. */
export type Piece = {
  /** Its name there: `CallReporting__c`, `Task`, `call`, `ticket`. */
  readonly object: string
  readonly content: Rendered
}

/** What is remembered of a piece. */
export type KnownObject = {
  /** Undefined: it was begun, and what became of it is not known. */
  readonly externalId: string | undefined
  /** Of the content that was taken last; undefined: none was. */
  readonly digest: string | undefined
}

/** `noted`: nothing was sent, for the target cannot change what it has. `gone`: somebody deleted it there. */
export type Put = {
  readonly did: 'created' | 'updated' | 'sent' | 'noted' | 'gone'
  readonly externalId: string | undefined
}

export type PutContext = {
  readonly callId: string
  readonly startTime: number
  readonly known: KnownObject | undefined
  /** A person asked for it. */
  readonly isReplay: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  /** With the target's credentials. `path` is below `base`, or a whole URL. */
  readonly ask: (ask: Omit<Ask, 'url'> & { readonly path: string }) => Promise<Answer | Fault>
  /** Remembers that something is about to be made. */
  readonly begin: () => Promise<void>
}

export type Target = {
  /** Where `path` of a request begins; a token may name another. */
  readonly base: string
  readonly grant: Grant | undefined
  readonly common: CommonSettings
  /** The credentials into the request. */
  readonly authorise: (
    headers: Readonly<Record<string, string>>,
    token: AccessToken | undefined,
    body: string,
  ) => Readonly<Record<string, string>>
  readonly pieces: (facts: CallFacts) => readonly Piece[]
  /** As it goes out where nothing is there yet; for people. */
  readonly preview: (
    piece: Piece,
    callId: string,
  ) => { readonly method: string; readonly path: string; readonly body: unknown }
  readonly put: (piece: Piece, context: PutContext) => Promise<Put | Fault>
}

export type CommonSettings = {
  readonly directions: readonly string[] | undefined
  readonly answeredOnly: boolean
  readonly users: Readonly<Record<string, string>>
  readonly recordingUrl: string | undefined
}

export type TargetType = {
  readonly defaults: Sections
  readonly open: (fields: TargetFields, urlFault: (url: string) => string | undefined) => Target
}
