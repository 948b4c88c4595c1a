/**
 * A suite on the one stage, which opens with the first and closes with the last; with `options` on a stage of its own.
 * Without a FreeSWITCH there are none.
 */
import { REGISTERED } from '../scenario/scenario.ts'
import { shared } from './open-stage.ts'
import { findBinaries } from './binary.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'

const binaries = findBinaries(process.env)
console.log(
  typeof binaries === 'string' ? binaries : `live tests on ${binaries.version} (${binaries.freeswitch})`,
)

export const live = (name: string, body: (stage: () => Stage) => void, options?: StageOptions): void => {
  if (typeof binaries === 'string') return
  suite(`live: ${name}`, () => {
    const place: { stage: Stage | undefined } = options === undefined ? shared : { stage: undefined }
    const stage = (): Stage => {
      if (place.stage === undefined) throw new Error('the stage is not open')
      return place.stage
    }
    suiteSetup(async function () {
      this.timeout(60_000)
      if (place.stage !== undefined) return
      place.stage = await openStage(binaries, options)
      for (const phone of REGISTERED) await place.stage.register(phone)
    })
    suiteTeardown(async function () {
      this.timeout(60_000)
      if (options !== undefined) await place.stage?.stop()
    })
    teardown(async function () {
      this.timeout(40_000)
      await stage().clear()
      if (this.currentTest?.state === 'failed') await stage().recover()
      else await stage().check()
    })
    body(stage)
  })
}
