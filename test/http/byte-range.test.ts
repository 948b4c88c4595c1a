import assert from 'node:assert/strict'
import { isKnown, wantedBytes, type Wanted } from '../../src/http/byte-range.ts'

const TAG = '"abc"'
const part = (first: number, last: number): Wanted => ({ kind: 'part', range: { first, last } })
const WHOLE: Wanted = { kind: 'whole' }
const NONE: Wanted = { kind: 'none' }

suite('HTTP: which bytes are wanted of 1,000', () => {
  const rows: readonly (readonly [range: string | undefined, ifRange: string | undefined, wanted: Wanted])[] =
    [
      [undefined, undefined, WHOLE],
      ['bytes=0-499', undefined, part(0, 499)],
      ['bytes=500-999', undefined, part(500, 999)],
      ['bytes=500-', undefined, part(500, 999)],
      ['bytes=999-', undefined, part(999, 999)],
      ['bytes=-500', undefined, part(500, 999)],
      ['bytes=-5000', undefined, part(0, 999)],
      ['bytes=0-0', undefined, part(0, 0)],
      ['bytes=900-5000', undefined, part(900, 999)],
      ['Bytes = 1-2', undefined, part(1, 2)],
      ['bytes=1000-', undefined, NONE],
      ['bytes=5000-6000', undefined, NONE],
      ['bytes=-0', undefined, NONE],
      ['bytes=5-4', undefined, WHOLE],
      ['bytes=-', undefined, WHOLE],
      ['bytes=0-1,5-6', undefined, WHOLE],
      ['items=0-1', undefined, WHOLE],
      ['bytes=a-b', undefined, WHOLE],
      ['bytes=0-99999999999999999999', undefined, WHOLE],
      ['bytes=0-499', TAG, part(0, 499)],
      ['bytes=0-499', '"other"', WHOLE],
      ['bytes=0-499', `W/${TAG}`, WHOLE],
      ['bytes=0-499', 'Sat, 21 Nov 2026 00:00:00 GMT', WHOLE],
    ]
  for (const [range, ifRange, wanted] of rows) {
    test(`Range: ${range ?? 'none'}${ifRange === undefined ? '' : `, If-Range: ${ifRange}`}`, () =>
      assert.deepEqual(wantedBytes(range, ifRange, TAG, 1_000), wanted))
  }

  test('of an empty file there is the whole and no part', () => {
    assert.deepEqual(wantedBytes(undefined, undefined, TAG, 0), WHOLE)
    for (const range of ['bytes=0-', 'bytes=-1', 'bytes=0-0'])
      assert.deepEqual(wantedBytes(range, undefined, TAG, 0), NONE)
  })

  test('If-None-Match knows the file by its tag, by a weak one, and by anything', () => {
    for (const header of [TAG, `"x", ${TAG}`, `W/${TAG}`, '*'])
      assert.equal(isKnown(header, TAG), true, header)
    for (const header of [undefined, '"x"', '', 'abc']) assert.equal(isKnown(header, TAG), false, header)
  })
})
