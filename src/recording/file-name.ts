/**
 * The name of a recording's file. It is the contract between who lets the switch record and who takes the finished
 * file in: a file that is found on the disk after any crash tells by its name alone whose it is, of which call, under
 * which policy and which of its parts. Nothing else may make up such a name, or read one.
 *
 * `<folder>/<organisation>/<yyyy-mm-dd>/<recordingId>.<part>.p<policy>.c<call>.wav`: WAV, PCM of 16 bit, as the switch
 * writes it. The day is the day (UTC) on which the file was named. Every letter of it is one that no dial string, no
 * dialplan and no shell reads.
 */
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'

/** `mix`: both sides, in one channel or in two. `a`, `b`: a side each, of a recording that is split. */
export const RECORDING_PARTS = ['mix', 'a', 'b'] as const
export type RecordingPart = (typeof RECORDING_PARTS)[number]

export type RecordingFile = {
  readonly organizationId: number
  /** UTC, `2026-11-21`. */
  readonly day: string
  readonly recordingId: CallUuid
  readonly part: RecordingPart
  /** 0: asked for over the API, under no policy. */
  readonly policyId: number
  readonly callId: CallUuid
}

/** Below the folder of recordings, with `/` between its parts. */
export const recordingFileName = (file: RecordingFile): string =>
  `${file.organizationId}/${file.day}/${file.recordingId}.${file.part}.p${file.policyId}.c${file.callId}.wav`

/** The day (UTC) of a moment, as it stands in a path. */
export const recordingDay = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)

/** Reads the end of a path, whatever folder it lies in. Undefined: no file of ours. */
export const parseRecordingPath = (path: string): RecordingFile | undefined => {
  const [, organization, day, recordingId = '', part, policy, callId = ''] = FORM.exec(path) ?? []
  const known = RECORDING_PARTS.find((each) => each === part)
  if (day === undefined || known === undefined || !isCallUuid(recordingId) || !isCallUuid(callId))
    return undefined
  const organizationId = Number(organization)
  return { organizationId, day, recordingId, part: known, policyId: Number(policy), callId }
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const FORM = new RegExp(
  `(?:^|[\\\\/])([1-9][0-9]{0,9})[\\\\/]([0-9]{4}-[0-9]{2}-[0-9]{2})[\\\\/](${UUID})\\.([a-z]+)\\.p(0|[1-9][0-9]{0,9})\\.c(${UUID})\\.wav$`,
)
