import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enginePolicy, healthSettings, readPlanSettings } from '../../src/app/routing-settings.ts'
import { verdictOf } from '../../src/call/failover.ts'
import { readConfig } from '../../src/config/config.ts'
import type { HangupCause } from '../../src/telephony/hangup-cause.ts'

const verdict = (causes: readonly string[] | undefined, cause: HangupCause, sipStatus?: number): string =>
  verdictOf(enginePolicy(causes), { cause, sipStatus, rang: false })

suite('app: what the configuration says of routes', () => {
  test('without FAILOVER_CAUSES the built-in rules count', () => {
    assert.equal(verdict(undefined, 'NORMAL_TEMPORARY_FAILURE', 503), 'next')
    assert.equal(verdict(undefined, 'USER_BUSY', 486), 'stop')
  })

  test('FAILOVER_CAUSES is the whole list: what it lacks ends the hunt, what it names goes on', () => {
    const causes = ['NORMAL_TEMPORARY_FAILURE', '404']
    assert.equal(verdict(causes, 'NORMAL_TEMPORARY_FAILURE', 503), 'next')
    assert.equal(verdict(causes, 'UNALLOCATED_NUMBER', 404), 'next')
    assert.equal(verdict(causes, 'NETWORK_OUT_OF_ORDER'), 'stop')
    assert.equal(verdict(causes, 'USER_BUSY', 486), 'stop')
  })

  test('a word that is no hangup cause is refused by its name', () => {
    assert.throws(() => enginePolicy(['CHANNEL_UNAVAILABLE']), /FAILOVER_CAUSES has "CHANNEL_UNAVAILABLE"/)
  })

  test('thresholds and times of the environment are those of the breakers', () => {
    const { failover } = readConfig(
      {
        FAILOVER_THRESHOLD: '7',
        FAILOVER_WINDOW: '60',
        FAILOVER_RECOVERY: 'manual',
        FAILOVER_RECOVERY_INTERVAL: '5',
        FAILOVER_RECOVERY_THRESHOLD: '2',
        FAILOVER_ENABLED: 'false',
      },
      '/',
    ).routing
    const settings = healthSettings(failover)
    assert.equal(settings.failoverEnabled, false)
    const { failureThreshold, failureWindowMs, recovery, recoveryCheckMs, recoveryThreshold } =
      settings.breaker ?? {}
    assert.deepEqual(
      [failureThreshold, failureWindowMs, recovery, recoveryCheckMs, recoveryThreshold],
      [7, 60_000, 'manual', 5_000, 2],
    )
  })

  test('a table of area codes replaces the built-in one, and a broken one is refused with its line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strowger-npa-'))
    try {
      const path = join(folder, 'npa.csv')
      const settings = () => readPlanSettings(readConfig({ LCR_NPA_FILE: path }, '/'))
      await writeFile(path, 'npa,state\n212,NY\n')
      assert.deepEqual([...(await settings()).npaStates.keys()], ['212'])
      await writeFile(path, 'npa,state\n21,NY\n')
      await assert.rejects(settings, /LCR_NPA_FILE .*npa\.csv cannot be used: .*2/s)
      await rm(path)
      await assert.rejects(settings, /LCR_NPA_FILE/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
