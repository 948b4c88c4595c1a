/** A suite on the one stage, which opens with the first and closes with the last. Without a FreeSWITCH there are none. */
import { REGISTERED } from '../scenario/scenario.ts'
import { shared } from './open-stage.ts'
import { findBinaries } from './binary.ts'
import { openStage, type Stage } from './stage.ts'

const binaries = findBinaries(process.env)
console.log(
  typeof binaries === 'string' ? binaries : `live tests on ${binaries.version} (${binaries.freeswitch})`,
)

export const live = (name: string, body: (stage: () => Stage) => void): void => {
  if (typeof binaries === 'string') return
  suite(`live: ${name}`, () => {
    const stage = (): Stage => {
      if (shared.stage === undefined) throw new Error('the stage is not open')
      return shared.stage
    }
    suiteSetup(async function () {
      this.timeout(60_000)
      if (shared.stage !== undefined) return
      shared.stage = await openStage(binaries)
      for (const phone of REGISTERED) await shared.stage.register(phone)
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
