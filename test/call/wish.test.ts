import assert from 'node:assert/strict'
import { decodeWish, encodeWish, type CallWish } from '../../src/call/wish.ts'
import { asE164 } from '../../src/telephony/e164.ts'

suite('call: what was asked for with it', () => {
  test('it is read from its channel as it was written', () => {
    const wish: CallWish = {
      callerId: asE164('+442079460123'),
      displayName: 'Zoë O\'Brien, "CEO" ${x}',
      machineDetection: { action: 'leave-message', messageFileId: 3 },
      customHeaders: { 'X-Campaign': 'spring; 2026' },
      callback: { url: 'https://crm.example/events?a=b', events: ['answered', 'completed'] },
      crm: { recordId: '0012400000abcDEF', objectType: 'Contact', createTask: true },
    }
    const text = encodeWish(wish)
    assert.match(text, /^[\w-]+$/)
    assert.deepEqual(decodeWish(text), wish)
  })

  for (const text of ['', '!', 'e', Buffer.from('[1]').toString('base64url'), 'bnVsbA'])
    test(`"${text}" is none`, () => assert.throws(() => decodeWish(text), { code: 'CALL_BAD_CARRIED' }))
})
