/**
 * What the switch keeps of our database, brought up to date without touching calls: gateways, the trunks'
 * access list, cached users. `rescan` ignores a changed gateway and leaves a removed one callable (measured):
 * both are killed first; a live call over a killed gateway keeps its media.
 */
import { createHash } from 'node:crypto'
import { EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Directory } from '../directory/directory.ts'
import { gatewayNameOf } from '../directory/records.ts'
import { activeGateways, renderGateway } from '../xml-curl/configuration.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import { readGateways } from './gateway-states.ts'

export type SwitchConfiguration = {
  /** Applies the difference between what the switch was last given and `directory`; one at a time, in order. */
  readonly apply: (directory: Directory) => Promise<void>
  /** After a gap: the switch may be another, or have been given something by another engine. */
  readonly forget: () => void
}

/** The profile that has the gateways. */
const TRUNKS = 'trunks'
/**
 * Lives as long as the switch's process and so as its gateways: what it was given, `gw1:hash;...;acl:hash;users:hash`. No
 * equals sign: behind a second one `global_setvar` reads a condition, and sets nothing (mod_commands.c).
 */
const GIVEN_VARIABLE = 'strowger_given'

type Given = ReadonlyMap<string, string>

export const createSwitchConfiguration = (
  commands: SwitchCommands,
  logger: Logger,
  bannedAddresses: () => readonly string[] = () => [],
): SwitchConfiguration => {
  let given: Given | undefined
  let users: Users | undefined
  let last: Promise<void> = Promise.resolve()

  const run = async (directory: Directory): Promise<void> => {
    const before = given ?? (await readGiven(commands))
    const nowUsers = usersOf(directory)
    const wanted = wantedOf(directory, bannedAddresses(), nowUsers)
    const changed = [...wanted].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name)
    const gone = [...before.keys()].filter((name) => !wanted.has(name))
    for (const name of [...changed, ...gone].filter((each) => isGateway(each) && before.has(each))) {
      await tell(commands, 'sofia', `profile ${TRUNKS} killgw ${name}`)
    }
    if (changed.some(isGateway)) await tell(commands, 'sofia', `profile ${TRUNKS} rescan`)
    if (changed.includes(ACL)) await tell(commands, 'reloadacl')
    // Users that changed while we were away: which ones, nobody knows. A new switch remembers none.
    if (users === undefined && before.has(USERS) && changed.includes(USERS))
      await tell(commands, 'xml_flush_cache')
    for (const [key, hash] of users ?? []) {
      if (nowUsers.get(key) !== hash) await tell(commands, 'xml_flush_cache', `id ${key}`)
    }
    users = nowUsers
    if (changed.length + gone.length > 0) {
      const text = [...wanted].map(([name, hash]) => `${name}:${hash}`).join(';')
      await tell(commands, 'global_setvar', `${GIVEN_VARIABLE}=${text}`)
      logger.info({ changed, gone }, 'the switch was given its gateways')
    }
    given = wanted
  }

  return {
    apply: (directory) => {
      last = last.catch(() => undefined).then(() => run(directory))
      return last
    },
    forget: () => {
      given = undefined
      users = undefined
    },
  }
}

const ACL = 'acl'
/** All that FreeSWITCH may remember of users, as one hash. */
const USERS = 'users'

const isGateway = (name: string): boolean => name !== ACL && name !== USERS

const wantedOf = (directory: Directory, banned: readonly string[], users: Users): Given => {
  const gateways = activeGateways(directory)
  const cidrs = gateways.flatMap((gateway) => gateway.inboundCidrs).sort()
  return new Map([
    ...gateways.map(
      (gateway) => [gatewayNameOf(gateway.id), hashOf(renderGateway(gateway).toString())] as const,
    ),
    [ACL, hashOf([...cidrs, 'phones', ...banned].join(' '))],
    [USERS, hashOf([...users].sort().join(' '))],
  ])
}

/** A gateway that the switch has but of whose making we know nothing counts as different from any. */
const readGiven = async (commands: SwitchCommands): Promise<Given> => {
  const present = new Set((await readGateways(commands)).map(({ name }) => name))
  const text = await commands.api('global_getvar', GIVEN_VARIABLE)
  const noted = new Map(
    (errorIn(text) === undefined ? text.trim() : '')
      .split(';')
      .map((pair) => pair.split(':'))
      .flatMap(([name, hash]) =>
        name === undefined || name === '' || hash === undefined ? [] : [[name, hash] as const],
      ),
  )
  const known = new Map([...noted].filter(([name]) => !isGateway(name) || present.has(name)))
  for (const name of present) if (/^gw\d+$/.test(name) && !known.has(name)) known.set(name, 'unknown')
  return known
}

/** `USER DOMAIN`, as xml_flush_cache takes it, with what makes a cached answer stale. */
type Users = ReadonlyMap<string, string>

const usersOf = (directory: Directory): Users =>
  new Map(
    directory
      .organizations()
      .flatMap((organization) =>
        directory
          .usersOf(organization.id)
          .flatMap((user) =>
            directory
              .devicesOf(user.id)
              .map(
                (device) =>
                  [
                    `${device.username} ${organization.sipDomain}`,
                    hashOf([device.a1Hash, device.id, user.id, user.extension, organization.id].join(' ')),
                  ] as const,
              ),
          ),
      ),
  )

/** A refusal ends the whole apply: nothing is noted as given that was not taken, and all of it is tried again. */
const tell = async (commands: SwitchCommands, name: string, args?: string): Promise<void> => {
  const error = errorIn(await commands.api(name, args))
  if (error === undefined) return
  throw new EngineError('ENGINE_COMMAND_REFUSED', `the switch refuses ${name} ${args ?? ''}: ${error}`, {
    name,
    args,
  })
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
