import assert from 'node:assert/strict'
import fc from 'fast-check'
import { buildCdr } from '../../src/cdr/build.ts'
import { createDueBook, type DueBook, type DueLine } from '../../src/cdr/due.ts'
import { pictureOf, type LegPicture } from '../../src/cdr/estimate.ts'
import type { CallUuid } from '../../src/telephony/call-uuid.ts'
import { uuid } from '../support/snapshot.ts'

const LEG = uuid(1)
const OTHER = uuid(2)
const WAIT_MS = 120_000
const HOUR_MS = 3_600_000
const START = 1_795_198_817_000_000

const event = (fields: Readonly<Record<string, string>>) => {
  const headers = new Map(Object.entries(fields))
  return { get: (name: string) => headers.get(name), headers: () => headers }
}

const living = (legUuid: CallUuid, answeredAt = START): LegPicture =>
  pictureOf(
    event({
      'Call-Direction': 'outbound',
      'Caller-Unique-ID': legUuid,
      'Caller-Channel-Created-Time': String(START - 5_000_000),
      'Caller-Channel-Answered-Time': String(answeredAt),
      'Caller-Channel-Hangup-Time': '0',
      variable_uuid: legUuid,
    }),
    'kept',
  )

const over = (legUuid: CallUuid, more: Readonly<Record<string, string>> = {}): LegPicture =>
  pictureOf(
    event({
      'Call-Direction': 'outbound',
      variable_uuid: legUuid,
      variable_start_uepoch: String(START),
      variable_end_uepoch: String(START + 1_000_000),
      variable_hangup_cause: 'NORMAL_CLEARING',
      ...more,
    }),
    'all',
  )

const openBook = (longestMs = 25 * HOUR_MS): DueBook =>
  createDueBook({ waitMs: WAIT_MS, longestMs, mostDue: 3 })

/** The switch tells at `seconds` after the start that the leg lives. */
const see = (book: DueBook, legUuid: CallUuid, core: string, seconds: number): readonly DueLine[] => {
  book.heard(core, START + seconds * 1_000_000, seconds * 1_000)
  return book.seen({
    legUuid,
    core,
    at: START + seconds * 1_000_000,
    picture: living(legUuid),
    now: seconds * 1_000,
  })
}

const dueAt = (book: DueBook, now: number): readonly CallUuid[] =>
  book.over(now).map(({ legUuid }) => legUuid)
const kinds = (lines: readonly DueLine[]): readonly string[] => lines.map(({ kind }) => kind)
const compare = (book: DueBook, core: string, alive: readonly CallUuid[], now: number): readonly DueLine[] =>
  book.compared({ core, known: new Set(book.live()), alive: new Set(alive) }, now)

suite('records that are due', () => {
  test('a leg that ended after its post came is not due', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    assert.deepEqual(kinds(book.recorded(LEG)), ['closed'])
    let read = 0
    assert.deepEqual(
      book.ended(
        LEG,
        () => {
          read += 1
          return over(LEG)
        },
        5_000,
      ),
      [],
    )
    assert.equal(read, 0, 'and its event is not read')
    assert.deepEqual(book.counts(), { live: 0, due: 0, passedOver: 0 })
    assert.deepEqual(dueAt(book, HOUR_MS), [])
  })

  test('a leg that ended without a post is due, and over when it was waited for', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    assert.deepEqual(kinds(book.ended(LEG, () => over(LEG), 5_000)), ['due'])
    assert.deepEqual(dueAt(book, 5_000 + WAIT_MS - 1), [])
    assert.deepEqual(dueAt(book, 5_000 + WAIT_MS), [LEG])
    assert.deepEqual(kinds(book.estimated(LEG)), ['closed'])
    assert.deepEqual(dueAt(book, HOUR_MS), [])
  })

  test('a post within the wait takes it off', () => {
    const book = openBook()
    book.ended(LEG, () => over(LEG), 5_000)
    assert.deepEqual(kinds(book.recorded(LEG)), ['closed'])
    assert.deepEqual(dueAt(book, HOUR_MS), [])
  })

  for (const [what, more, isDue] of [
    ['process_cdr=false', { variable_process_cdr: 'false' }, false],
    ['process_cdr=true', { variable_process_cdr: 'true' }, true],
    ['process_cdr=1', { variable_process_cdr: '1' }, true],
    [
      'process_cdr=a_only on a B leg',
      { variable_process_cdr: 'a_only', variable_originating_leg_uuid: OTHER },
      false,
    ],
    [
      'process_cdr=b_only on a B leg',
      { variable_process_cdr: 'b_only', variable_originating_leg_uuid: OTHER },
      true,
    ],
    ['skip_cdr_causes with its cause', { variable_skip_cdr_causes: 'USER_BUSY|NORMAL_CLEARING' }, false],
    ['skip_cdr_causes with others', { variable_skip_cdr_causes: 'USER_BUSY' }, true],
  ] as const)
    test(`a leg with ${what} is ${isDue ? 'due' : 'not posted, and not due'}`, () => {
      const book = openBook()
      book.ended(LEG, () => over(LEG, more), 0)
      assert.equal(book.counts().due, isDue ? 1 : 0)
    })

  test('a leg that the same run of the switch has no more is waited for, and its cause is not known', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    book.heard('one', START + 60_000_000, 60_000)
    assert.deepEqual(kinds(compare(book, 'one', [], 70_000)), ['due'])
    assert.deepEqual(dueAt(book, 70_000), [])
    const [due] = book.over(70_000 + WAIT_MS)
    assert.equal(due?.why, 'switch-lost')
    const cdr = buildCdr(due.document)
    assert.equal(cdr.hangupCause, 'NORMAL_UNSPECIFIED')
    assert.equal(cdr.estimate, 'switch-lost')
  })

  test('a leg of a switch that died ends when it was last heard', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    book.heard('one', START + 60_000_000, 60_000)
    book.heard('two', START + 300_000_000, 300_000)
    assert.deepEqual(kinds(compare(book, 'two', [], 301_000)), ['due'])
    const cdr = buildCdr(book.over(301_000 + WAIT_MS)[0]?.document)
    assert.equal(cdr.hangupCause, 'NORMAL_TEMPORARY_FAILURE')
    assert.equal(cdr.billableSeconds, 60)
    assert.equal(cdr.durationSeconds, 65)
    assert.equal(cdr.disposition, 'ANSWERED')
    assert.equal(cdr.endTime, START / 1_000 + 60_000)
  })

  test('a switch that was asked and answered lived until then, by a clock with fractions', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    assert.deepEqual(book.alive('two', 5_000), [], 'of another run nothing is known')
    assert.deepEqual(book.alive('one', 30_000.123_45), [
      { kind: 'heard', core: 'one', at: START + 30_000_123 },
    ])
    compare(book, 'two', [], 301_000)
    const cdr = buildCdr(book.over(301_000 + WAIT_MS)[0]?.document)
    assert.equal(cdr.endTime, Math.trunc((START + 30_000_123) / 1_000))
  })

  test('a clock with fractions makes whole microseconds of the time that it lived', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    book.heard('one', START + 500_000_000, 60_000.123_45)
    compare(book, 'two', [], 301_000)
    assert.equal(buildCdr(book.over(301_000 + WAIT_MS)[0]?.document).billableSeconds, 61)
  })

  test('legs that the switch still has live, and so does one that came while it was asked', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    const known = new Set(book.live())
    see(book, OTHER, 'one', 1)
    assert.deepEqual(book.compared({ core: 'one', known, alive: new Set([LEG]) }, 2_000), [])
    assert.deepEqual(book.counts(), { live: 2, due: 0, passedOver: 0 })
  })

  test('a leg that another run of the switch recovers within the wait lives again', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    compare(book, 'two', [], 10_000)
    assert.equal(book.counts().due, 1)
    assert.deepEqual(kinds(see(book, LEG, 'two', 20)), ['live'])
    assert.deepEqual(book.counts(), { live: 1, due: 0, passedOver: 0 })
    assert.deepEqual(dueAt(book, HOUR_MS), [])
    // And it is due again when it ends.
    book.ended(LEG, () => over(LEG), 30_000)
    assert.deepEqual(dueAt(book, 30_000 + WAIT_MS), [LEG])
  })

  test('an event that comes late changes nothing of a leg that is over', () => {
    const book = openBook()
    see(book, LEG, 'one', 0)
    book.ended(LEG, () => over(LEG), 1_000)
    assert.deepEqual(see(book, LEG, 'one', 2), [])
    assert.deepEqual(book.counts(), { live: 0, due: 1, passedOver: 0 })
    book.recorded(LEG)
    assert.deepEqual(see(book, LEG, 'one', 3), [])
    assert.equal(book.counts().live, 0)
  })

  for (const [what, jumpSeconds] of [
    ['a year ahead', 365 * 86_400],
    ['an hour back', -3_600],
  ] as const)
    test(`a clock of the switch that jumps ${what} makes no second of talk`, () => {
      const book = openBook()
      see(book, LEG, 'one', 0)
      book.heard('one', START + (60 + jumpSeconds) * 1_000_000, 60_000)
      compare(book, 'two', [], 61_000)
      assert.equal(buildCdr(book.over(HOUR_MS)[0]?.document).billableSeconds, 60)
    })

  test('seen by an engine that was killed: never longer than a leg may be', () => {
    const book = openBook(2 * HOUR_MS)
    book.restore(
      [
        { kind: 'live', legUuid: LEG, core: 'one', at: START, picture: living(LEG) },
        { kind: 'heard', core: 'one', at: START + 365 * 86_400_000_000 },
      ],
      0,
    )
    compare(book, 'two', [], 1_000)
    assert.equal(buildCdr(book.over(HOUR_MS)[0]?.document).billableSeconds, 7_200)
  })

  test('a switch that stays away: a leg is over when none can be that long', () => {
    const book = openBook(2 * HOUR_MS)
    see(book, LEG, 'one', 0)
    assert.deepEqual(book.outlived(2 * HOUR_MS), [])
    assert.deepEqual(kinds(book.outlived(2 * HOUR_MS + 1)), ['due'])
    assert.deepEqual(book.outlived(3 * HOUR_MS), [])
  })

  test('what is due is bounded; what is more is counted', () => {
    const book = openBook()
    for (const n of [1, 2, 3, 4, 5]) book.ended(uuid(n), () => over(uuid(n)), 0)
    assert.deepEqual(book.counts(), { live: 0, due: 3, passedOver: 2 })
  })

  test('a new engine goes on where this one was killed, and waits anew', () => {
    const book = openBook()
    const lines = [
      ...see(book, LEG, 'one', 0),
      ...see(book, OTHER, 'one', 1),
      ...book.ended(OTHER, () => over(OTHER), 0),
    ]
    const next = openBook()
    next.restore(JSON.parse(JSON.stringify(lines)) as DueLine[], 500_000)
    assert.deepEqual(next.counts(), { live: 1, due: 1, passedOver: 0 })
    assert.deepEqual(dueAt(next, 500_000 + WAIT_MS - 1), [])
    assert.deepEqual(dueAt(next, 500_000 + WAIT_MS), [OTHER])
  })

  test('whatever happens, in any order: the lines that came out make the same book again', () => {
    const step = fc.record({
      what: fc.constantFrom('see', 'see-anew', 'end', 'record', 'estimate', 'compare', 'compare-anew'),
      leg: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const book = openBook()
        const lines: DueLine[] = []
        steps.forEach(({ what, leg }, index) => {
          const legUuid = uuid(leg)
          const now = index * 1_000
          if (what === 'see') lines.push(...see(book, legUuid, 'one', index))
          else if (what === 'see-anew') lines.push(...see(book, legUuid, 'two', index))
          else if (what === 'end') lines.push(...book.ended(legUuid, () => over(legUuid), now))
          else if (what === 'record') lines.push(...book.recorded(legUuid))
          else if (what === 'estimate') lines.push(...book.estimated(legUuid))
          else lines.push(...compare(book, what === 'compare' ? 'one' : 'two', [uuid(1)], now))
        })
        const again = openBook()
        again.restore(lines, 0)
        assert.deepEqual(new Set(again.live()), new Set(book.live()))
        assert.deepEqual(new Set(dueAt(again, HOUR_MS)), new Set(dueAt(book, HOUR_MS)))
        const compact = openBook()
        compact.restore(book.lines(), 0)
        assert.deepEqual(new Set(compact.live()), new Set(book.live()))
        assert.deepEqual(new Set(dueAt(compact, HOUR_MS)), new Set(dueAt(book, HOUR_MS)))
        // A leg is one or the other.
        const due = new Set(dueAt(book, HOUR_MS))
        assert.ok(book.live().every((legUuid) => !due.has(legUuid)))
      }),
    )
  })
})
