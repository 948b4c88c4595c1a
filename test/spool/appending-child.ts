/** Run by kill-9.test.ts: appends `<from>`, `<from>+1` ... for ever, a few at a time, and prints what was acknowledged. */
import { writeSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { openJournal } from '../../src/spool/journal.ts'

const [directory = '', from = '0'] = process.argv.slice(2)
const journal = await openJournal({
  directory,
  logger: silentLogger,
  clock: systemClock,
  segmentBytes: 20_000,
})
let next = Number(from)
for (;;) {
  const group = Array.from({ length: 1 + (next % 7) }, () => next++)
  await Promise.all(
    group.map(async (n) => {
      await journal.append(Buffer.from(`${n}:${'x'.repeat(n % 900)}`))
      writeSync(1, `${n}\n`)
    }),
  )
}
