import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ATTEMPT_VARIABLE, CALL_VARIABLE, encodeCarried, SIMULATED_VARIABLE } from '../../src/call/carried.ts'
import { buildCdr } from '../../src/cdr/build.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { readPost } from '../../src/cdr/post.ts'
import { EngineError } from '../../src/base/errors.ts'
import { formatMoney, type Money } from '../../src/telephony/money.ts'
import {
  A,
  aLeg,
  attempt,
  B_ANSWERED,
  B_FAILED,
  bLeg,
  call,
  changed,
  device,
  encoded,
  sample,
  type RawPost,
} from './posts.ts'

const money = (amount: Money | undefined): string | undefined =>
  amount === undefined ? undefined : formatMoney(amount)

suite('CDR of an A leg, as recorded', () => {
  const cdr = buildCdr(aLeg())
  test('says whose call it was and where it went', () => {
    assert.deepEqual(
      [cdr.legUuid, cdr.callId, cdr.leg, cdr.parentUuid, cdr.organizationId, cdr.direction],
      [A, A, 'A', undefined, 7, 'outbound'],
    )
    assert.deepEqual(
      [cdr.callerNumber, cdr.callerUserId, cdr.calleeNumber, cdr.dialledNumber, cdr.lcrProfileId],
      ['+442079460999', 3, '+442079460123', '02079460123', 2],
    )
  })
  test('has its times in milliseconds and its lengths in seconds that have begun', () => {
    assert.deepEqual(
      [cdr.startTime, cdr.progressTime, cdr.answerTime, cdr.endTime],
      [1795198817714, 1795198817754, 1795198818074, 1795198820094],
    )
    // 2.38 s, 2.02 s (FreeSWITCH's billsec says 2), 0.32 s.
    assert.deepEqual([cdr.durationSeconds, cdr.billableSeconds, cdr.ringSeconds], [3, 3, 1])
  })
  test('was ended by the caller', () => {
    assert.deepEqual(
      [cdr.hangupCause, cdr.hangupCauseQ850, cdr.sipStatus, cdr.hungUpBy, cdr.disposition],
      ['NORMAL_CLEARING', 16, undefined, 'party', 'ANSWERED'],
    )
  })
  test('has no cost and no rate: the charge stands on the B leg, once', () => {
    assert.deepEqual([cdr.rate, cdr.chargedSeconds, cdr.cost], [undefined, undefined, undefined])
  })
})

suite('CDR of a B leg, as recorded', () => {
  test('answered: rated for the seconds that the carrier was connected', () => {
    const cdr = buildCdr(bLeg('b-leg-answered', attempt(2, B_ANSWERED)))
    assert.deepEqual(
      [cdr.legUuid, cdr.callId, cdr.parentUuid, cdr.leg, cdr.organizationId, cdr.direction],
      [B_ANSWERED, A, A, 'B', 7, 'outbound'],
    )
    assert.deepEqual(
      [cdr.gatewayId, cdr.gatewayName, cdr.carrierId, cdr.carrierName, cdr.dialledNumber],
      [12, 'London 2', 22, 'Carrier 2', '442079460123'],
    )
    assert.deepEqual([cdr.billableSeconds, cdr.chargedSeconds, money(cdr.cost)], [3, 3, '0.0016'])
    assert.deepEqual([cdr.disposition, cdr.hungUpBy, cdr.sipStatus], ['ANSWERED', 'switch', undefined])
  })
  test('refused with 503: nothing to pay', () => {
    const cdr = buildCdr(bLeg('b-leg-failed-503', attempt(1, B_FAILED)))
    assert.deepEqual(
      [cdr.hangupCause, cdr.hangupCauseQ850, cdr.sipStatus, cdr.hungUpBy, cdr.disposition],
      ['NORMAL_CIRCUIT_CONGESTION', 34, 503, 'party', 'FAILED'],
    )
    assert.deepEqual(
      [cdr.answerTime, cdr.billableSeconds, cdr.chargedSeconds, money(cdr.cost)],
      [undefined, 0, 0, '0.00'],
    )
  })
  test('answered for less than the tariff’s minimum: rated for the minimum', () => {
    const rated = attempt(2, B_ANSWERED)
    assert.ok(rated.rate)
    const tariff = {
      ...rated.rate.tariff,
      minimumSeconds: 600,
      firstIncrementSeconds: 1,
      nextIncrementSeconds: 1,
    }
    const cdr = buildCdr(bLeg('b-leg-answered', { ...rated, rate: { ...rated.rate, tariff } }))
    assert.deepEqual([cdr.chargedSeconds, cdr.rate?.tariff], [600, tariff])
  })

  test('without a rate: no cost, which is not a cost of nothing', () => {
    const cdr = buildCdr(bLeg('b-leg-answered', { ...attempt(2, B_ANSWERED), rate: undefined }))
    assert.deepEqual([cdr.rate, cdr.chargedSeconds, cdr.cost], [undefined, undefined, undefined])
  })
  test('to a phone of ours: internal, to its user', () => {
    const cdr = buildCdr(bLeg('b-leg-answered', device))
    assert.deepEqual(
      [cdr.direction, cdr.calleeNumber, cdr.calleeUserId, cdr.gatewayId, cdr.cost],
      ['internal', '1002', 4, undefined, undefined],
    )
  })
  test('that has inherited the variable of the call is still a B leg', () => {
    const post = changed(bLeg('b-leg-answered', attempt(2, B_ANSWERED)), {
      [CALL_VARIABLE]: encodeCarried(call),
    })
    assert.equal(buildCdr(post).leg, 'B')
  })
})

suite('CDR of a channel that is not ours', () => {
  test('is its own call, of nobody', () => {
    const cdr = buildCdr(sample('a-leg'))
    assert.deepEqual(
      [cdr.organizationId, cdr.callId, cdr.leg, cdr.direction, cdr.callerNumber, cdr.dialledNumber],
      [undefined, A, 'A', 'inbound', '+4930123', '9100'],
    )
  })
  test('with a parent belongs to that call', () => {
    const cdr = buildCdr(sample('b-leg-answered'))
    assert.deepEqual([cdr.leg, cdr.callId, cdr.parentUuid, cdr.direction], ['B', A, A, 'outbound'])
  })
  test('a phone of ours that was refused is known by what the directory set', () => {
    const cdr = buildCdr(
      changed(sample('a-leg'), {
        strowger_organization_id: '7',
        strowger_user_id: '3',
        strowger_device_id: '9',
      }),
    )
    assert.deepEqual([cdr.organizationId, cdr.callerUserId, cdr.direction], [7, 3, 'outbound'])
  })
  test('a carrier that calls us is known by its gateway', () => {
    const cdr = buildCdr(changed(sample('a-leg'), { sip_gateway: 'gw12' }))
    assert.deepEqual([cdr.gatewayName, cdr.gatewayId], ['gw12', 12])
  })
  test('the simulator marks what it made', () => {
    assert.equal(buildCdr(aLeg({ [SIMULATED_VARIABLE]: 'true' })).simulated, true)
    assert.equal(buildCdr(aLeg()).simulated, false)
  })
})

suite('CDR: encoding of values', () => {
  test('percent-encoded and plain values give the same CDR', () => {
    assert.deepEqual(buildCdr(encoded(aLeg())), buildCdr(aLeg()))
    const b = bLeg('b-leg-answered', attempt(2, B_ANSWERED))
    assert.deepEqual(buildCdr(encoded(b)), buildCdr(b))
  })
  test('a plain value that looks encoded stays as it is', () => {
    assert.equal(buildCdr(changed(sample('a-leg'), { sip_gateway: 'gw%41' })).gatewayName, 'gw%41')
  })
  test('an encoded value with a bare percent sign does not crash', () => {
    const post = encoded(sample('a-leg'))
    assert.equal(buildCdr(changed(post, { sip_gateway: '100%' })).gatewayName, '100%')
    assert.equal(buildCdr(changed(post, { sip_gateway: '%E9%zz' })).gatewayName, 'é%zz')
  })
  test('a caller name in Latin-1 is read as that, beside one in UTF-8', () => {
    const text =
      '{"variables":{"a":"Zo\xeb"},"callflow":[{"caller_profile":{"caller_id_name":"Zo\xc3\xab"}}]}'
    assert.deepEqual(readPost(Buffer.from(text, 'latin1')), {
      variables: { a: 'Zoë' },
      callflow: [{ caller_profile: { caller_id_name: 'Zoë' } }],
    })
  })
})

suite('CDR: seconds', () => {
  const seconds = (name: string, answered: string, ended: string, billable: number): void => {
    test(name, () => {
      const cdr = buildCdr(changed(sample('a-leg'), { answer_uepoch: answered, end_uepoch: ended }))
      assert.equal(cdr.billableSeconds, billable)
    })
  }
  seconds('exactly one second is one', '1795198818000000', '1795198819000000', 1)
  seconds('a microsecond more begins the second', '1795198818000000', '1795198819000001', 2)
  seconds(
    '0.8 seconds are paid for wherever they lie on the clock',
    '1795198818100000',
    '1795198818900000',
    1,
  )
  seconds(
    'answered and gone in the same instant is one second, not a free call',
    '1795198818000000',
    '1795198818000000',
    1,
  )
  seconds('a clock that was set back makes no negative time', '1795198818000000', '1795198817000000', 1)
  seconds('never answered is nothing', '0', '1795198819000000', 0)

  test('times that the variables lack are read from the call flow', () => {
    const without = changed(sample('a-leg'), {
      start_uepoch: undefined,
      end_uepoch: undefined,
      answer_uepoch: undefined,
    })
    const cdr = buildCdr(without)
    assert.deepEqual(
      [cdr.startTime, cdr.answerTime, cdr.endTime],
      [1795198817714, 1795198818074, 1795198820094],
    )
  })
})

suite('CDR: what cannot be', () => {
  const refused = (name: string, post: unknown, code: string, field?: string): void => {
    test(name, () => {
      assert.throws(
        () => buildCdr(post),
        (fault) => {
          assert.ok(fault instanceof EngineError)
          assert.deepEqual([fault.code, fault.details['field']], [code, field])
          return true
        },
      )
    })
  }
  const tariff = attempt(2, B_ANSWERED).rate?.tariff
  assert.ok(tariff)
  const withTariff = (change: Record<string, unknown>): RawPost =>
    bLeg('b-leg-answered', {
      ...attempt(2, B_ANSWERED),
      rate: { deckId: 5, prefix: '44', tariff: { ...tariff, ...change } },
    })
  refused('no document', undefined, 'CDR_UNREADABLE')
  refused('a list', [], 'CDR_UNREADABLE')
  refused('an object without variables', { callflow: [] }, 'CDR_UNREADABLE')
  refused('a channel without a uuid', { variables: {} }, 'CDR_FIELD', 'uuid')
  refused('a uuid that is a path', { variables: { uuid: '../../etc/passwd' } }, 'CDR_FIELD', 'uuid')
  refused('no beginning', { variables: { uuid: A } }, 'CDR_FIELD', 'start_uepoch')
  refused('no end', { variables: { uuid: A, start_uepoch: '1795198818000000' } }, 'CDR_FIELD', 'end_uepoch')
  refused(
    'a time that is none',
    changed(sample('a-leg'), { answer_uepoch: '-5' }),
    'CDR_FIELD',
    'answer_uepoch',
  )
  refused(
    'a time beyond numbers',
    changed(sample('a-leg'), { end_uepoch: '9'.repeat(16) }),
    'CDR_FIELD',
    'end_uepoch',
  )
  refused('a call variable that is not ours', aLeg({ [CALL_VARIABLE]: 'x' }), 'CDR_FIELD', CALL_VARIABLE)
  refused(
    'an attempt variable that is not ours',
    aLeg({ [ATTEMPT_VARIABLE]: '{}' }),
    'CDR_FIELD',
    ATTEMPT_VARIABLE,
  )
  refused(
    'an increment of 0',
    withTariff({ nextIncrementSeconds: 0 }),
    'CDR_FIELD',
    'strowger_attempt.rate.tariff.nextIncrementSeconds',
  )
  refused('a minimum below 0', withTariff({ minimumSeconds: -1 }), 'CDR_FIELD', 'strowger_attempt.rate')
  refused(
    'a float price',
    withTariff({ pricePerMinute: 0.5 }),
    'CDR_FIELD',
    'strowger_attempt.rate.tariff.pricePerMinute',
  )
  refused(
    'a price that leaves exact money',
    withTariff({ pricePerMinute: Number.MAX_SAFE_INTEGER, connectionFee: Number.MAX_SAFE_INTEGER }),
    'CDR_FIELD',
    'strowger_attempt.rate',
  )
  refused(
    'an organisation that is no number',
    changed(sample('a-leg'), { strowger_organization_id: "1' or '1" }),
    'CDR_FIELD',
    'strowger_organization_id',
  )

  const onlyOurFaults = (build: () => Cdr): void => {
    try {
      build()
    } catch (fault) {
      assert.ok(fault instanceof EngineError && /^CDR_(UNREADABLE|FIELD)$/.test(fault.code), String(fault))
    }
  }
  test('any JSON gives a CDR or one of the two faults', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (post) => {
        onlyOurFaults(() => buildCdr(post))
      }),
    )
  })
  test('so does any cut of the bytes of a post', () => {
    const bytes = Buffer.from(JSON.stringify(aLeg()))
    for (let end = 0; end < bytes.length; end += 1)
      onlyOurFaults(() => buildCdr(readPost(bytes.subarray(0, end))))
  })
  test('so do hostile values in any variable', () => {
    const names = Object.keys(aLeg().variables).concat(
      ATTEMPT_VARIABLE,
      'strowger_result_2',
      '__proto__',
      'sip_gateway',
    )
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '%',
        '%zz',
        '%00',
        '-1',
        '1e309',
        'ARRAY::',
        'ARRAY::|:|:',
        '/',
        '//',
        '${x}',
        'x'.repeat(10_000),
      ),
      fc.jsonValue().map((json) => Buffer.from(JSON.stringify(json)).toString('base64url')),
      fc
        .tuple(
          fc.constantFrom('attempts', 'devices', 'userId', 'direction', 'rate', 'destination', 'n'),
          fc.jsonValue(),
        )
        .map(([field, json]) =>
          Buffer.from(JSON.stringify({ ...call, ...attempt(1, B_FAILED), [field]: json })).toString(
            'base64url',
          ),
        ),
    )
    fc.assert(
      fc.property(fc.constantFrom(...names), value, fc.boolean(), (name, hostile, isB) => {
        const post = isB ? bLeg('b-leg-answered', attempt(2, B_ANSWERED)) : aLeg()
        onlyOurFaults(() => buildCdr(changed(post, { [name]: hostile })))
      }),
      { numRuns: 800 },
    )
  })
})

suite('cdr: a call that was transferred', () => {
  test('which attempt was answered is what was kept, whoever was bridged since', () => {
    const bridged = { bridge_uuid: '99999999-2222-4333-8444-555555555555' }
    const before = buildCdr(aLeg(bridged)).attempts.map(({ outcome }) => outcome)
    assert.deepEqual(before, ['FAILED', 'FAILED', 'NOT_TRIED'].slice(0, before.length))
    const kept = buildCdr(aLeg({ ...bridged, strowger_answered_leg: B_ANSWERED }))
    assert.equal(kept.attempts[1]?.outcome, 'ANSWERED')
  })

  test('a called leg that ran a plan of its own has the attempts of it; one that inherited a plan has none', () => {
    const leg = attempt(2, B_ANSWERED)
    const own = { ...call, channelUuid: B_ANSWERED }
    const post = (carried: typeof call): ReturnType<typeof bLeg> =>
      bLeg('b-leg-answered', leg, { strowger_call: encodeCarried(carried) })
    assert.equal(buildCdr(post(own)).attempts.length, call.attempts.length)
    assert.deepEqual(buildCdr(post(call)).attempts, [])
    assert.deepEqual(buildCdr(post({ ...own, channelUuid: A })).attempts, [])
  })

  test("the caller's record says whom he called, not where he was taken", () => {
    const internal = { ...call, destination: undefined, dialled: '1002' }
    assert.equal(buildCdr(aLeg({ strowger_transferred_by: '7' }, internal)).calleeNumber, '1002')
  })
})
