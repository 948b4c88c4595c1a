import assert from 'node:assert/strict'
import { encodeCrm } from '../../src/call/granted.ts'
import type { CallWish } from '../../src/call/wish.ts'
import { customOf } from '../../src/cdr/custom.ts'
import { openPost } from '../../src/cdr/post.ts'

const custom = (variables: Readonly<Record<string, string>>, wish?: CallWish) =>
  customOf(openPost({ variables }), wish)
const A = 'aaaaaaaa-0000-4000-8000-000000000001'

suite('cdr: what a record keeps beside its fields', () => {
  test('nothing where there is nothing', () => {
    assert.equal(custom({}), undefined)
    assert.equal(custom({}, {}), undefined)
    assert.equal(custom({ strowger_amd: 'perhaps', strowger_recordings: ',x,' }), undefined)
  })

  test('the CRM, and what was asked for without where it is told and what headers hold', () => {
    const wish: CallWish = {
      maxDurationSeconds: 60,
      withheld: false,
      earlyMedia: false,
      recordCall: false,
      customHeaders: { 'X-Secret': 'hunter2' },
      callback: { url: 'https://example.com/?key=hunter2', events: undefined },
      crm: { recordId: '7', createTask: true },
    }
    const kept = custom({}, wish)
    assert.deepEqual(kept, {
      crm: { recordId: '7', createTask: true },
      wish: { maxDurationSeconds: 60, earlyMedia: false, recordCall: false, customHeaders: ['X-Secret'] },
    })
    assert.ok(!JSON.stringify(kept).includes('hunter2'))
  })

  test("the destination's leg carries the CRM alone", () => {
    assert.deepEqual(custom({ strowger_crm: encodeCrm({ objectType: 'Lead' }) }), {
      crm: { objectType: 'Lead' },
    })
  })

  test('a verdict on who answered, and the recordings', () => {
    assert.deepEqual(custom({ strowger_amd: 'machine/2350/a long greeting/really' }), {
      amd: { verdict: 'machine', decisionMs: 2_350, why: 'a long greeting/really' },
    })
    assert.deepEqual(custom({ strowger_recordings: `${A},not-one` }), { recordings: [A] })
  })

  for (const hostile of [
    '!!!',
    Buffer.from('[1,').toString('base64url'),
    Buffer.from('null').toString('base64url'),
  ])
    test(`a CRM variable of ${JSON.stringify(hostile)} is left out`, () => {
      assert.equal(custom({ strowger_crm: hostile }), undefined)
    })

  test('text is cut and cleaned to what the database can hold', () => {
    const crm = { recordId: `a\0\ud800${'x'.repeat(300)}` }
    const kept = custom({ strowger_crm: encodeCrm(crm) })
    const { recordId } = kept?.['crm'] as { recordId: string }
    assert.ok(recordId.length <= 256 && !/[\0\p{Surrogate}]/u.test(recordId), recordId)
  })
})
