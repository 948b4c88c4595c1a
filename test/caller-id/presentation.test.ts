import assert from 'node:assert/strict'
import { isPrivacyAsked, presentationOf, readPresentationCode } from '../../src/caller-id/presentation.ts'

suite('caller-id: codes before a number', () => {
  for (const [dialled, country, left, presentation] of [
    ['14102079460123', 'GB', '02079460123', 'withheld'],
    ['141 020 7946 0123', 'GB', '02079460123', 'withheld'],
    ['147002079460123', 'GB', '02079460123', 'allowed'],
    ['141112', 'GB', '112', 'withheld'],
    ['14102079460123', 'US', '14102079460123', undefined],
    ['142015550123', 'IE', '015550123', 'allowed'],
    ['1831390123456', 'AU', '390123456', 'withheld'],
    ['*6712125550100', 'US', '12125550100', 'withheld'],
    ['*8212125550100', 'US', '12125550100', 'allowed'],
    ['*67+442079460123', 'GB', '+442079460123', 'withheld'],
    ['#31#02079460123', 'GB', '02079460123', 'withheld'],
    ['*31#02079460123', 'DE', '02079460123', 'allowed'],
    ['#31#1002', 'GB', '1002', 'withheld'],
    ['*67', 'US', '*67', undefined],
    ['*6712', 'US', '*6712', undefined],
    ['*43', 'GB', '*43', undefined],
    ['141', 'GB', '141', undefined],
    ['1411', 'GB', '1411', undefined],
    ['+14102079460', 'GB', '+14102079460', undefined],
    ['112', 'GB', '112', undefined],
  ] as const) {
    test(`${dialled} from ${country} dials ${left}, ${presentation ?? 'and says nothing'}`, () => {
      assert.deepEqual(readPresentationCode(dialled, country), { dialled: left, presentation })
    })
  }

  test('an extension that begins like a code is an extension', () => {
    assert.deepEqual(
      readPresentationCode('141200', 'GB', (number) => number === '141200'),
      { dialled: '141200', presentation: undefined },
    )
  })
})

suite('caller-id: who withholds', () => {
  for (const [sentence, ask, withheld] of [
    ['nobody', {}, false],
    ['the user', { user: 'withheld' }, true],
    ['the phone', { phone: true }, true],
    ['a code beats the user', { user: 'withheld', dialled: 'allowed' }, false],
    ["a code beats the phone's header", { phone: true, dialled: 'allowed' }, false],
    ['the program beats a code', { wish: true, dialled: 'allowed' }, true],
    ['the program beats the user', { wish: false, user: 'withheld' }, false],
  ] as const) {
    test(sentence, () => {
      const none = { wish: undefined, dialled: undefined, phone: false, user: undefined }
      assert.equal(presentationOf({ ...none, ...ask }).withheld, withheld)
    })
  }

  for (const [header, asked] of [
    ['id', true],
    ['Privacy: id', true],
    ['header;id;critical', true],
    ['user', true],
    ['none', false],
    ['history', false],
    ['identity', false],
    [undefined, false],
  ] as const) {
    test(`Privacy ${String(header)} ${asked ? 'asks' : 'does not ask'} for it`, () =>
      assert.equal(isPrivacyAsked(header), asked))
  }
})
