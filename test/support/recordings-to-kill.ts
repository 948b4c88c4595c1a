/**
 * A process that takes recordings in and is ended by SIGKILL: by itself after the step that its last arguments name
 * (`put 2`: the second time), or by a test at any moment. Its environment names the folders, as an engine's does.
 */
import { createRecordings } from '../../src/app/recordings.ts'
import { silentLogger, type Logger } from '../../src/base/logger.ts'
import { readConfig } from '../../src/config/config.ts'
import { openDatabase } from '../../src/store/database.ts'
import { createManualClock } from './manual-clock.ts'
import { worldWith } from './world.ts'

const [databaseUrl = '', killAfter = '', times = '1'] = process.argv.slice(2)
const config = readConfig(process.env, process.cwd())
const database = openDatabase({ url: databaseUrl, logger: silentLogger })
const clock = createManualClock(Date.now())
let steps = 0
const logger: Logger = Object.assign(Object.create(silentLogger) as Logger, {
  trace: ({ step }: { readonly step: string }) => {
    if (step === killAfter) steps += 1
    if (steps === Number(times)) process.kill(process.pid, 'SIGKILL')
  },
})
const recordings = createRecordings({
  config,
  database,
  masterKeys: [config.masterKey ?? Buffer.alloc(32)],
  board: { call: () => undefined, watch: () => () => undefined, post: () => undefined },
  world: { isKnown: () => true, directory: worldWith().directory },
  isSwitchUp: () => true,
  isDatabaseUp: () => true,
  clock,
  logger,
})
process.stdout.write('ready\n')
await recordings.intake.run()
clock.advance(20_000)
await recordings.intake.run()
process.stdout.write(`done ${recordings.intake.state().trouble ?? ''}\n`)
await recordings.stop()
await database.close()
