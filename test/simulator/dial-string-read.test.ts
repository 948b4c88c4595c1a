import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readDialString } from '../../src/simulator/dial-string-read.ts'
import { separateString } from '../../src/simulator/separate-string.ts'
import { DialString, escapeValue } from '../../src/telephony/dial-string.ts'

suite('Reading a dial string as the switch does', () => {
  test('call-wide variables, groups, legs and their own variables are told apart', () => {
    const read = readDialString(
      "{a=1,b='x,y'}[c=2,d=3]sofia/gateway/gw1/44,sofia/gateway/gw2/44|error/USER_BUSY",
    )
    assert.deepEqual(
      [...(read?.variables ?? [])],
      [
        ['a', '1'],
        ['b', 'x,y'],
      ],
    )
    assert.deepEqual(
      read?.groups.map((group) => group.map(({ endpoint, target }) => `${endpoint} ${target}`)),
      [['sofia gateway/gw1/44', 'sofia gateway/gw2/44'], ['error USER_BUSY']],
    )
    assert.deepEqual(
      [...(read.groups[0]?.[0]?.variables ?? [])],
      [
        ['c', '2'],
        ['d', '3'],
      ],
    )
  })

  test('^^ changes the delimiter of a block', () => {
    assert.equal(readDialString('{^^:a=1:b=x,y}null/1')?.variables.get('b'), 'x,y')
    assert.equal(readDialString('[^^:a=1:b=x,y]null/1')?.groups[0]?.[0]?.variables.get('b'), 'x,y')
  })

  test('what the engine escapes for originate comes back as it was', () => {
    const isSafe = (text: string): boolean => {
      try {
        escapeValue('v', text)
        return text !== ''
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).filter(isSafe), (value) => {
        const dialString = DialString.gateway('gw1', '44').withVariables({ v: value }).toString()
        const [first = ''] = separateString(`${dialString} &park`, ' ', 10)
        assert.equal(readDialString(first)?.variables.get('v'), value)
      }),
    )
  })
})
