import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readDeck } from './read-text.ts'

const DECK =
  'Our prices;;;;;;\nCountry Code;Code;Destination;Rate;Increments;Valid from;Valid to\n' +
  '44;20,21-23;"London; ""inner""";0,0085;60/60;01/12/2026;31/12/2026\n45;1/2;Danmark é;1,5 EUR;1+1;13/12/2026;\n;;;;;;\nTotal;;;3;;;\n'

suite('reader: any bytes at all', () => {
  const settles = async (file: Uint8Array, chunkBytes: number): Promise<void> => {
    // Anything but an EngineError is thrown on by readDeck, and fails the property.
    const { rates, fault, report } = await readDeck(file, {}, { chunkBytes })
    assert.ok(fault === undefined ? rates.length > 0 : fault.code.startsWith('DECK_'))
    assert.ok(report.bytes <= file.length)
    for (const { prefix, pricePerMinute } of rates) {
      assert.match(prefix, /^[1-9]\d{0,14}$/)
      assert.ok(Number.isSafeInteger(pricePerMinute) && pricePerMinute >= 0)
    }
  }

  test('give rates or a fault with a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), settles),
      {
        numRuns: 1_000,
      },
    )
  })

  test('so does a deck with pieces of it changed, lost and repeated', async () => {
    const change = fc.tuple(
      fc.nat(DECK.length),
      fc.nat(12),
      fc.oneof(
        fc.constantFrom('"', ';', ',', '\n', '\r', '\t', '-', '/', '0', '99999', '\ufeff', 'E+9', '='),
        fc.string({ maxLength: 4 }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 100 }),
        async (changes, chunkBytes) => {
          let text = DECK
          for (const [at, length, instead] of changes)
            text = text.slice(0, at) + instead + text.slice(at + length)
          await settles(Buffer.from(text), chunkBytes)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test('the unchanged one is good', async () => {
    const { rates, fault } = await readDeck(DECK)
    assert.equal(fault, undefined)
    assert.equal(rates.length, 6)
  })
})
