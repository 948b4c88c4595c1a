import assert from 'node:assert/strict'
import { countingDecks, KEPT_AFTER_END_MS, type PublishedDeck } from '../../src/store/rate-deck-versions.ts'

const NOW = 1_800_000_000_000
const DAY = KEPT_AFTER_END_MS

/** `A+0` adds to what carrier 1 has, from now on; `A=0` replaces it; B is carrier 2, C is customer 1; in days. */
const decks = (text: string): readonly PublishedDeck[] =>
  text.split(' ').map((word, at) => ({
    deckId: at + 1,
    owner: word.startsWith('C')
      ? { kind: 'customer', id: 1 }
      : { kind: 'carrier', id: word.startsWith('A') ? 1 : 2 },
    currency: 'GBP',
    replaces: word.charAt(1) === '=',
    effectiveFrom: NOW + Number(word.slice(2)) * DAY,
    effectiveTo: Infinity,
  }))

suite('versions of rate decks', () => {
  for (const [sentence, published, counting] of [
    ['one deck counts for good', 'A=0', '1'],
    ['what adds ends nothing', 'A=-9 A+-5 A+0', '1 2 3'],
    ['what replaces ends all before it, from its moment on', 'A=-9 A+-5 A=3', '1..3 2..3 3'],
    ['the earliest replacement counts', 'A=-9 A=5 A=2', '1..2 2..2 3'],
    ['a later one that begins sooner does not bring back what ended', 'A=-9 A=2 A=5', '1..2 2..5 3'],
    ['an owner ends only its own', 'A=-9 B=-9 C=-9 A=0', '1..0 2 3 4'],
    ['a customer is not the carrier with the same id', 'A=-9 C=0', '1 2'],
    ['what was added after a replacement stays', 'A=-9 A=-2 A+-1', '2 3'],
    ['what ended more than a day ago is left out', 'A=-9 A=-1.5 A=-0.5', '2..-0.5 3'],
    ['nothing is nothing', '', ''],
  ] as const) {
    test(sentence, () => {
      const found = countingDecks(published === '' ? [] : decks(published), NOW).map(({ deckId, endsAt }) =>
        endsAt === Infinity ? String(deckId) : `${deckId}..${(endsAt - NOW) / DAY}`,
      )
      assert.equal(found.join(' '), counting)
    })
  }

  test('a newer deck has a higher number', () => {
    const numbers = countingDecks(decks('A=-9 B=-9 A+0'), NOW).map(({ sequence }) => sequence)
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    )
    assert.equal(new Set(numbers).size, 3)
  })
})
