/** Ends a call. The A leg's end ends it: the bridge is hung up with it. */
import { sleep, type Clock } from '../base/clock.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { Board } from './board.ts'
import { errorIn, type SwitchCommands } from './commands.ts'

/** Between the answer to who asked for a call and its first channel lie some milliseconds, seconds on a busy switch. */
const CHANNEL_COMES_MS = 3_000
const LOOK_MS = 25

export const hangUp = async (
  callId: CallUuid,
  {
    board,
    commands,
    clock,
  }: {
    readonly board: Pick<Board, 'call'>
    readonly commands: Pick<SwitchCommands, 'api'>
    readonly clock: Clock
  },
): Promise<'hung-up' | 'not-found'> => {
  const kill = async (uuid: string): Promise<boolean> =>
    errorIn(await commands.api('uuid_kill', `${uuid} NORMAL_CLEARING`)) === undefined
  const until = clock.monotonic() + CHANNEL_COMES_MS
  for (;;) {
    const call = board.call(callId)
    const legs = call?.legs.filter(({ state }) => state !== 'gone') ?? []
    let found = false
    for (const { legUuid } of legs) if (await kill(legUuid)) found = true
    if (found) return 'hung-up'
    // Asked for a moment ago: its channel gets the call's own id.
    const isComing = call?.state === 'initiated' && call.legs.length === 0
    if (isComing && (await kill(callId))) return 'hung-up'
    if (!isComing || clock.monotonic() > until) return 'not-found'
    await sleep(clock, LOOK_MS)
  }
}
