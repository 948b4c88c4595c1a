/**
 * The one stage of a run. Loaded before every test (mocharc.json), so that it closes before PostgreSQL does: mocha
 * runs the root's hooks in the order in which it met them.
 */
import type { Stage } from './stage.ts'

export const shared: { stage: Stage | undefined } = { stage: undefined }

suiteTeardown(async function () {
  this.timeout(60_000)
  await shared.stage?.stop()
})
