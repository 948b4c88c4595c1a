/** What holds recordings up: a disk that is nearly full, a switch that cannot be asked yet. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { recordingsCheck } from '../../src/app/recordings.ts'
import { filesBelow, openRecordingsBench } from '../support/recordings.ts'
import { leaveRecording } from '../support/sound.ts'

suite('recordings: a disk that is full', function () {
  this.timeout(30_000)

  test('holds them back where they are, and says so', async () => {
    // Nobody has a hundred terabytes to spare.
    const bench = await openRecordingsBench({ environment: { RECORDING_RESERVE_MB: '100000000' } })
    try {
      const left = leaveRecording(bench.folder)
      await bench.settle()
      assert.equal(existsSync(left.path), true)
      assert.deepEqual(filesBelow(bench.stagingFolder), [])
      assert.match(bench.recordings.intake.state().trouble ?? '', /MB left, and it takes/)
      assert.deepEqual(recordingsCheck(bench.recordings.intake.state()).ok, false)
    } finally {
      await bench.close()
    }
  })
})

suite('recordings: an engine that has just started', function () {
  this.timeout(30_000)

  test('looks again as soon as the switch can be asked, not at the next slow look', async () => {
    const bench = await openRecordingsBench()
    try {
      bench.up.switch = false
      const left = leaveRecording(bench.folder)
      await bench.recordings.intake.run()
      bench.up.switch = true
      for (let seconds = 0; seconds < 14 && existsSync(left.path); seconds += 2) {
        bench.clock.advance(2_000)
        // What the clock started comes to its end.
        await bench.recordings.intake.idle()
      }
      assert.equal(existsSync(left.path), false)
    } finally {
      await bench.close()
    }
  })
})
