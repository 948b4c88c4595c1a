import { callControlCommands } from './call-control.ts'
import { controlCommands } from './channel-control.ts'
import { variableCommands } from './channel-variables.ts'
import type { ApiCommand, ApiCommands } from './command.ts'
import { conferenceCommands } from './conference.ts'
import { originateCommands } from './originate.ts'
import { scheduleCommands } from './schedule.ts'
import { showCommands } from './show.ts'
import { sofiaCommands } from './sofia.ts'
import { systemCommands } from './system.ts'

/** The command of this name, in any case; undefined where the switch says "Command not found!". */
export const apiCommandOf = (name: string): ApiCommand | undefined => {
  const lower = name.toLowerCase()
  return families().find((family) => Object.hasOwn(family, lower))?.[lower]
}

// A function: commands and what they command import each other in a circle.
const families = (): readonly ApiCommands[] => [
  originateCommands,
  controlCommands,
  callControlCommands,
  conferenceCommands,
  variableCommands,
  scheduleCommands,
  showCommands,
  sofiaCommands,
  systemCommands,
]
