import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createForget, type ErasureMode } from '../../src/cdr/forget.ts'
import { asE164 } from '../../src/telephony/e164.ts'

const LONDON = asE164('+442079460123')
const of = (mode: ErasureMode, number = LONDON) => createForget(number, mode)

suite('a number that is forgotten', () => {
  for (const [text, erased, masked] of [
    ['+442079460123', null, '+442079xxxxxx'],
    ['442079460123', null, '442079xxxxxx'],
    ['00442079460123', null, '00442079xxxxxx'],
    ['02079460123', null, '02079xxxxxx'],
    ['2079460123', null, '20794xxxxx'],
    ['+44 20 7946 0123', null, '+44 20 79xx xxxx'],
    // Others.
    ['+442079460124', '+442079460124', '+442079460124'],
    ['+4420794601234', '+4420794601234', '+4420794601234'],
    ['79460123', '79460123', '79460123'],
    ['1001', '1001', '1001'],
    ['anonymous', 'anonymous', 'anonymous'],
    ['', '', ''],
  ] as const) {
    test(`the field "${text}"`, () => {
      assert.equal(of('erase').number(text), erased)
      assert.equal(of('mask').number(text), masked)
    })
  }

  for (const [text, erased] of [
    ['sip:+442079460123@198.51.100.7', 'sip:erased@198.51.100.7'],
    ['https://crm.example/?from=%2B442079460123&x=1', 'https://crm.example/?from=%2Berased&x=1'],
    ['tel:+44-20-7946-0123;ext=1', 'tel:erased;ext=1'],
    ['called 020 7946 0123 twice: 02079460123', 'called erased twice: erased'],
    ['order 9442079460123 of today', 'order 9442079460123 of today'],
    ['0198c0de-4420-7946-0123-000000000000', '0198c0de-4420-7946-0123-000000000000'],
  ] as const) {
    test(`in the text "${text}"`, () => {
      assert.equal(of('erase').text(text), erased)
    })
  }

  test('in JSON, wherever it stands, with the names that stood beside it, and nothing else is touched', () => {
    const value = {
      from: { number: '+442079460123', name: 'Anna Berg' },
      '442079460123': [442079460123, 'Anna Berg called', null, true, 1.5],
      to: { number: '+493012345678', name: 'Bert' },
    }
    assert.deepEqual(of('erase').json(value, new Set(['Anna Berg'])), {
      from: { number: 'erased', name: 'erased' },
      erased: ['erased', 'Anna Berg called', null, true, 1.5],
      to: { number: '+493012345678', name: 'Bert' },
    })
    const other = { to: value.to, list: [1, 'x'] }
    assert.equal(
      of('erase').json(other, new Set(['Anna Berg'])),
      other,
      'the same value where nothing was found',
    )
  })

  test('a name that stands beside the number goes with it', () => {
    assert.deepEqual(
      of('erase').json({
        callerNumber: '+442079460123',
        callerName: 'Anna',
        callee: { number: '+493012345678', name: 'Bert' },
        caller_number: '02079460123',
        caller_name: 'Anna B.',
      }),
      {
        callerNumber: 'erased',
        callerName: 'erased',
        callee: { number: '+493012345678', name: 'Bert' },
        caller_number: 'erased',
        caller_name: 'erased',
      },
    )
  })

  test('what was forgotten is not found again', () => {
    for (const mode of ['erase', 'mask'] as const) {
      const forget = of(mode)
      const once = forget.text('from +442079460123 to 02079460123')
      assert.equal(forget.text(once), once)
      assert.equal(forget.isNumber(forget.number('+442079460123')), false)
    }
  })

  test('a short number keeps at least half of it out of sight', () => {
    assert.equal(of('mask', asE164('+290123456')).number('+290123456'), '+2901xxxxx')
    assert.equal(of('mask', asE164('+1234567')).number('+1234567'), '+123xxxx')
  })

  test('whatever surrounds it, no digit run of the number is left, and all else stays', () => {
    const around = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/\d/.test(text))
    fc.assert(
      fc.property(around, around, (before, after) => {
        const left = of('erase').text(`${before}|+442079460123|${after}`)
        assert.equal(left, `${before}|erased|${after}`)
      }),
    )
  })

  test('long hostile text takes no time', () => {
    const begun = performance.now()
    of('erase').text('4'.repeat(200_000))
    of('erase').text('4 ( ) . - '.repeat(50_000))
    // Quadratic would be minutes.
    assert.ok(performance.now() - begun < 20_000)
  })
})
