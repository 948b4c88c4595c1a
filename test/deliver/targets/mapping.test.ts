/** Field mappings: what renders, and what is refused with the field that is wrong. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codeOf, EngineError } from '../../../src/base/errors.ts'
import { factsOf, PATHS, type CallFacts, type TargetCdr } from '../../../src/deliver/targets/call-paths.ts'
import { compileMapping, FORMATS, type Sections } from '../../../src/deliver/targets/mapping.ts'
import { defaultMapping } from '../../../src/deliver/targets/open-target.ts'
import { TARGET_KINDS } from '../../../src/deliver/targets/target.ts'
import { asCallUuid } from '../../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../../src/telephony/money.ts'
import { cdrOf, START } from '../../store/sample-cdr.ts'

const A = '11111111-1111-4111-8111-111111111111'
const B = '22222222-2222-4222-8222-222222222222'

const facts = (changes: Partial<TargetCdr> = {}, b: Partial<TargetCdr> | null = {}): CallFacts => {
  const a = cdrOf({ legUuid: asCallUuid(A), callId: asCallUuid(A), ...changes })
  const other = cdrOf({ legUuid: asCallUuid(B), callId: asCallUuid(A), leg: 'B', attempts: [], ...b })
  const found = factsOf(
    b === null ? [a] : [other, { ...a, callCost: { amount: parseMoney('0.017'), currency: 'GBP' } }],
    {
      recordings: ['33333333-3333-4333-8333-333333333333'],
      users: { '1': '005xx' },
      recordingUrl: 'https://voice.example.com/r/{id}',
    },
  )
  assert.ok(found)
  return found
}

const render = (mapping: unknown, of = facts(), defaults: Sections = { s: {} }) =>
  compileMapping({ s: mapping }, defaults)['s']?.(of)

suite('targets: field mapping', () => {
  const rows: readonly (readonly [what: string, rule: unknown, value: unknown])[] = [
    ['a path', 'call.from', '+442079460100'],
    ['a number without plus', { path: 'call.from', format: 'digits' }, '442079460100'],
    ['a moment', 'call.startTime', '2026-11-20T12:00:00.123Z'],
    ['a day', { path: 'call.startTime', format: 'date' }, '2026-11-20'],
    ['seconds of the epoch', { path: 'call.startTime', format: 'epochSeconds' }, Math.floor(START / 1_000)],
    ['milliseconds of the epoch', { path: 'call.startTime', format: 'epochMs' }, START],
    ['microseconds of the epoch', { path: 'call.startTime', format: 'epochMicros' }, START * 1_000],
    ['seconds', 'call.talkSeconds', 62],
    ['milliseconds', { path: 'call.talkSeconds', format: 'milliseconds' }, 62_000],
    ['minutes', { path: 'call.talkSeconds', format: 'minutes' }, 1.03],
    ['a clock', { path: 'call.talkSeconds', format: 'clock' }, '00:01:02'],
    ['money is text, exactly', 'call.cost', '0.017'],
    ['money as a number', { path: 'call.cost', format: 'number' }, 0.017],
    ['a flag', 'call.recorded', true],
    ['a flag in words', { path: 'call.recorded', format: 'text' }, 'yes'],
    ['a list', 'call.recordingIds', ['33333333-3333-4333-8333-333333333333']],
    ['a link', 'call.recordingUrl', 'https://voice.example.com/r/33333333-3333-4333-8333-333333333333'],
    ['a word for a word', { path: 'call.direction', map: { outbound: 'Out' } }, 'Out'],
    ['a word for a flag', { path: 'call.answered', map: { true: 1, false: 0 } }, 1],
    ['a word that is not in the map', { path: 'call.direction', map: { inbound: 'In' } }, undefined],
    ['and its default', { path: 'call.direction', map: { inbound: 'In' }, default: 'Else' }, 'Else'],
    ['nothing', 'crm.recordId', undefined],
    ['nothing, with a default', { path: 'crm.recordId', default: 0 }, 0],
    ['a constant', { value: 'telephone' }, 'telephone'],
    [
      'a template',
      { template: '{call.from|digits} to {call.to}, {crm.recordId}{call.talkSeconds} s' },
      '442079460100 to +442079460123, 62 s',
    ],
    ['clipped', { path: 'call.summary', maxLength: 8 }, 'outbound'],
    ['our user there', 'user.vendorId', '005xx'],
    ['the called leg', 'bLeg.legUuid', B],
    ['what a record keeps', 'custom.wish.displayName', 'Sales'],
    ['nothing of what it keeps', 'custom.wish.__proto__', undefined],
  ]
  for (const [what, rule, value] of rows)
    test(what, () => {
      const given = what === 'nothing of what it keeps' ? 'custom.wish.toString' : rule
      assert.deepEqual(
        render({ f: given }, facts({ custom: { wish: { displayName: 'Sales' } } })),
        value === undefined ? {} : { f: value },
      )
    })

  test('a dot makes an object; null takes a default away', () => {
    assert.deepEqual(
      render({ 'requester.name': { value: 'A' }, 'requester.phone': 'call.from', old: null }, facts(), {
        s: { old: 'call.id', kept: { value: 1 } },
      }),
      { kept: 1, requester: { name: 'A', phone: '+442079460100' } },
    )
  })

  const refused: readonly (readonly [what: string, mapping: unknown, field: string, says: RegExp])[] = [
    ['a path that there is not', { f: 'call.nmae' }, 'mapping.s.f', /no CDR path "call\.nmae"/],
    ['and one that is meant', { f: 'legUuid' }, 'mapping.s.f', /is "aLeg\.legUuid" meant/],
    ['the prototype', { f: 'constructor' }, 'mapping.s.f', /no CDR path/],
    [
      'a format of another type',
      { f: { path: 'call.from', format: 'iso' } },
      'mapping.s.f',
      /takes e164, digits/,
    ],
    [
      'two rules in one',
      { f: { path: 'call.from', value: 1 } },
      'mapping.s.f',
      /one of "path", "template" and "value"/,
    ],
    ['no rule', { f: {} }, 'mapping.s.f', /one of/],
    ['a number', { f: 7 }, 'mapping.s.f', /a JSON object/],
    ['a word too much', { f: { path: 'call.from', fromat: 'digits' } }, 'mapping.s.f', /"fromat"/],
    [
      'a template with a path that there is not',
      { f: { template: 'x {call.x}' } },
      'mapping.s.f',
      /no CDR path/,
    ],
    ['a template with half a brace', { f: { template: 'x {call.from' } }, 'mapping.s.f', /brace/],
    ['a template with code', { f: { template: '{call.from + 1}' } }, 'mapping.s.f', /brace/],
    ['a value that is an object', { f: { value: {} } }, 'mapping.s.f', /a value is/],
    ['a field that poisons', { '__proto__.x': 'call.id', a: 1 }, 'mapping.s.__proto__.x', /no field name/],
    ['a field with a slash', { 'a/b': 'call.id' }, 'mapping.s.a/b', /no field name/],
    ['a field that is an object too', { a: 'call.id', 'a.b': 'call.id' }, 'mapping.s.a', /at once/],
    ['a length that is none', { f: { path: 'call.id', maxLength: 0 } }, 'mapping.s.f', /maxLength/],
  ]
  for (const [what, mapping, field, says] of refused)
    test(`${what} is refused`, () => {
      assert.throws(
        () => render(mapping),
        (fault: unknown) =>
          fault instanceof EngineError &&
          codeOf(fault) === 'DELIVER_BAD_INPUT' &&
          fault.details['field'] === field &&
          says.test(fault.message),
      )
    })

  test('the default of every kind renders every call', () => {
    const dispositions = ['ANSWERED', 'NO_ANSWER', 'BUSY', 'CANCELLED', 'FAILED'] as const
    for (const kind of TARGET_KINDS)
      for (const disposition of dispositions)
        for (const of of [
          facts({ disposition }),
          facts({ disposition, attempts: [] }, null),
          facts({}, { disposition }),
        ]) {
          const sections = compileMapping({}, defaultMapping(kind))
          for (const [name, read] of Object.entries(sections))
            assert.ok(Object.keys(read(of)).length > 0, `${kind} ${name} ${disposition}`)
        }
  })

  test('every path with every format of its type renders without a fault, and as JSON', () => {
    for (const [path, { type }] of Object.entries(PATHS))
      for (const format of FORMATS[type])
        assert.doesNotThrow(() => JSON.stringify(render({ f: { path, format } })), `${path} ${format}`)
  })

  test('whatever is given as a mapping, it compiles or is refused with its field', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (mapping) => {
        try {
          render(mapping)
        } catch (fault) {
          assert.ok(fault instanceof EngineError, String(fault))
          assert.equal(fault.code, 'DELIVER_BAD_INPUT')
          assert.match(String(fault.details['field']), /^mapping/)
        }
        assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
      }),
    )
  })
})

suite('targets: what a call tells', () => {
  const said = (path: string, of: CallFacts): unknown => PATHS[path]?.read(of)
  const rows: readonly (readonly [what: string, of: CallFacts, path: string, value: unknown])[] = [
    ['the far leg of a call that was answered', facts(), 'call.disposition', 'ANSWERED'],
    [
      'a call of the API whose far end was busy: its own leg was answered',
      facts({ attempts: [] }, { disposition: 'BUSY', hangupCause: 'USER_BUSY', billableSeconds: 0 }),
      'call.disposition',
      'BUSY',
    ],
    [
      'and nobody talked',
      facts({ attempts: [] }, { disposition: 'BUSY', billableSeconds: 0 }),
      'call.talkSeconds',
      0,
    ],
    [
      'and why',
      facts({ attempts: [] }, { disposition: 'BUSY', hangupCause: 'USER_BUSY' }),
      'call.hangupCause',
      'USER_BUSY',
    ],
    ['a call within the house with one leg', facts({ attempts: [] }, null), 'call.talkSeconds', 62],
    [
      'who is not ours, of a call that comes in',
      facts({ direction: 'inbound' }),
      'call.otherNumber',
      '+442079460100',
    ],
    ['who is not ours, of a call that goes out', facts(), 'call.otherNumber', '+442079460123'],
    ['our user of a call that comes in', facts({ direction: 'inbound', calleeUserId: 9 }), 'user.id', 9],
    [
      'a contact by its prefix',
      facts({ custom: { crm: { recordId: '003xx0000012345' } } }),
      'crm.whoId',
      '003xx0000012345',
    ],
    [
      'an account is what it is about',
      facts({ custom: { crm: { recordId: '001xx0000012345' } } }),
      'crm.whatId',
      '001xx0000012345',
    ],
    [
      'an account is no person',
      facts({ custom: { crm: { recordId: '001xx0000012345' } } }),
      'crm.whoId',
      undefined,
    ],
    [
      'what was said it is counts',
      facts({ custom: { crm: { recordId: '77', objectType: 'Ticket' } } }),
      'crm.ticketId',
      '77',
    ],
    [
      'a sentence',
      facts({}, { disposition: 'ANSWERED', billableSeconds: 125 }),
      'call.summary',
      'outbound call from +442079460100 to +442079460123: talked for 2:05',
    ],
    ['an estimate', facts({}, { estimate: 'from-event' }), 'call.estimated', true],
  ]
  for (const [what, of, path, value] of rows) test(what, () => assert.deepEqual(said(path, of), value))

  test('of several far legs the answered one is told, wherever it stands', () => {
    const a = cdrOf({ legUuid: asCallUuid(A) })
    const tried = (n: number, disposition: 'ANSWERED' | 'FAILED') =>
      cdrOf({ leg: 'B', startTime: START + n, disposition, attempts: [] })
    const more = { recordings: [], users: {}, recordingUrl: undefined }
    const answered = tried(2, 'ANSWERED')
    assert.equal(factsOf([tried(3, 'FAILED'), answered, a, tried(1, 'FAILED')], more)?.b, answered)
    const last = tried(9, 'FAILED')
    assert.equal(factsOf([last, a, tried(1, 'FAILED')], more)?.b, last)
    assert.equal(factsOf([answered], more), undefined)
  })
})
