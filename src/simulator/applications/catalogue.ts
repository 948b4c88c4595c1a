import { answerApplications } from './answer.ts'
import type { Application, Applications } from './application.ts'
import { bridgeApplications } from './bridge-call.ts'
import { conferenceApplications } from './conference.ts'
import { digitApplications } from './digits.ts'
import { limitApplications } from './limit.ts'
import { logApplications } from './log.ts'
import { otherLegApplications } from './other-legs.ts'
import { parkApplications } from './park.ts'
import { playbackApplications } from './playback.ts'
import { quietApplications } from './quiet.ts'
import { recordApplications } from './record.ts'
import { scheduleApplications } from './schedule.ts'
import { socketApplications } from './socket.ts'
import { transferApplications } from './transfer.ts'
import { variableApplications } from './variables.ts'

/** The application of this name; the switch hangs up a channel that asks for one it does not have. */
export const applicationOf = (name: string): Application | undefined =>
  families().find((family) => Object.hasOwn(family, name))?.[name]

// A function: applications run applications, so their modules import each other in a circle.
const families = (): readonly Applications[] => [
  variableApplications,
  bridgeApplications,
  answerApplications,
  parkApplications,
  otherLegApplications,
  conferenceApplications,
  playbackApplications,
  digitApplications,
  recordApplications,
  scheduleApplications,
  limitApplications,
  transferApplications,
  socketApplications,
  logApplications,
  quietApplications,
]
