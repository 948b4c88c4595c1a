import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { codeOf } from '../../src/base/errors.ts'
import { DialString } from '../../src/telephony/dial-string.ts'
import { asE164, type Country } from '../../src/telephony/e164.ts'
import {
  createNumberForm,
  DEFAULT_NUMBER_FORM,
  formNumber,
  numberFormOf,
  type NumberForm,
} from '../../src/telephony/number-form.ts'

const LONDON = '+442079460123'
const LOS_ANGELES = '+12133734253'

suite('number form', () => {
  const row = (sentence: string, number: string, form: Partial<NumberForm>, sent: string): void => {
    test(`${sentence}: ${number} is sent as ${sent}`, () =>
      assert.equal(formNumber(asE164(number), { ...DEFAULT_NUMBER_FORM, ...form }), sent))
  }
  row('by default with its plus sign', LONDON, {}, LONDON)
  row('digits', LONDON, { format: 'digits' }, '442079460123')
  row('strip counts digits and takes the plus sign along', LONDON, { strip: 2 }, '2079460123')
  row('strip of digits', LONDON, { format: 'digits', strip: 2 }, '2079460123')
  row('a prefix', LONDON, { format: 'digits', prefix: '00' }, '00442079460123')
  row('a prefix with a plus sign', LONDON, { format: 'digits', strip: 2, prefix: '+44' }, LONDON)
  row('a tech prefix', LONDON, { format: 'digits', techPrefix: '1234#' }, '1234#442079460123')
  row(
    'the tech prefix is outermost',
    LONDON,
    { format: 'digits', prefix: '00', techPrefix: '99' },
    '9900442079460123',
  )
  row('a pattern', LONDON, { pattern: '^\\+44', replacement: '0' }, '02079460123')
  row(
    'a pattern with groups',
    LOS_ANGELES,
    { pattern: '^\\+1(\\d{3})(\\d{7})$', replacement: '$2*$1' },
    '3734253*213',
  )
  row('a pattern without a replacement takes out', LONDON, { pattern: '^\\+' }, '442079460123')
  row('a pattern that does not match', LONDON, { pattern: '^\\+1', replacement: '' }, LONDON)
  row('only the first match is replaced', '+4420202020', { pattern: '20', replacement: '7' }, '+447202020')
  row('a group before digits', LONDON, { pattern: '^\\+(44)', replacement: '$10' }, '4402079460123')
  row('a group that matched nothing', LONDON, { pattern: '^\\+(1)?44', replacement: '$10' }, '02079460123')
  row(
    'the pattern sees the stripped number',
    LONDON,
    { format: 'digits', strip: 2, pattern: '^20', replacement: '9' },
    '979460123',
  )
  row(
    'all steps in their order',
    LONDON,
    { format: 'digits', strip: 1, pattern: '^4', replacement: '5', prefix: '6', techPrefix: '7#' },
    '7#652079460123',
  )

  const national = (country: Country, number: string, sent: string): void => {
    row(`national of ${country}`, number, { format: 'national', country }, sent)
  }
  national('GB', LONDON, '02079460123')
  national('GB', LOS_ANGELES, '0012133734253')
  national('US', LOS_ANGELES, '2133734253')
  national('US', '+14165550123', '4165550123')
  national('US', LONDON, '011442079460123')
  national('DE', '+4930123456', '030123456')
  national('AU', LONDON, '0011442079460123')
  national('AU', '+61212345678', '0212345678')
  national('AU', '+611300123456', '1300123456')
  national('IT', '+390612345678', '0612345678')
  national('HU', '+3612345678', '0612345678')
  national('AR', '+5491123456789', '01115' + '23456789')
  national('BR', LONDON, '00442079460123')

  test('national numbers are those of libphonenumber, whatever was asked before', () => {
    const codes = { GB: '44', US: '1', DE: '49', FR: '33', AR: '54', CN: '86', AU: '61', RU: '7', DK: '45' }
    const forms = Object.entries(codes).map(([country, code]) => ({
      code,
      form: createNumberForm(numberFormOf({ format: 'national', country })),
    }))
    let checked = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.stringMatching(/^[1-9]\d{3,6}$/),
        fc.array(fc.stringMatching(/^\d{4}$/), { minLength: 2, maxLength: 4 }),
        ({ code, form }, head, tails) => {
          for (const tail of tails) {
            const number = asE164(`+${code}${head}${tail}`)
            const parsed = parsePhoneNumberFromString(number)
            if (parsed?.isValid() !== true) continue
            checked += 1
            assert.equal(form(number), parsed.formatNational().replace(/\D/g, ''))
          }
        },
      ),
      { numRuns: 3000 },
    )
    assert.ok(checked > 200, `only ${checked} numbers were valid`)
  })
})

suite('number form: what must never happen', () => {
  test('the prefix of one gateway never appears in the number of another', () => {
    const form = (prefix: string, techPrefix: string): NumberForm => ({
      ...DEFAULT_NUMBER_FORM,
      format: 'digits',
      prefix,
      techPrefix,
    })
    const gateways = [form('88', '8#'), form('', ''), form('77', ''), DEFAULT_NUMBER_FORM].map(
      createNumberForm,
    )
    const number = asE164(LONDON)
    const hunt = (): string => gateways.map((send) => send(number)).join(' ')
    assert.equal(hunt(), '8#88442079460123 442079460123 77442079460123 +442079460123')
    assert.equal(hunt(), '8#88442079460123 442079460123 77442079460123 +442079460123')
  })
  test('the operator counts what is stripped: a finer prefix in the deck changes nothing', () => {
    // mod_lcr strips by the length of the prefix that matched: a carrier that loads 442079 next to 44 gets another
    // number. A form is not even told which prefix matched.
    const send = createNumberForm({ ...DEFAULT_NUMBER_FORM, format: 'digits', strip: 2 })
    assert.equal(send.length, 1)
    assert.equal(send(asE164('+442079460123')), '2079460123')
    assert.equal(send(asE164('+441632960123')), '1632960123')
  })
  test('what cannot be dialled is an error and no number', () => {
    const cases: readonly (readonly [string, Partial<NumberForm>])[] = [
      [LONDON, { strip: 12 }],
      [LONDON, { format: 'digits', strip: 15, prefix: '123' }],
      [LONDON, { pattern: '.+', replacement: '' }],
      [LONDON, { pattern: '.+', techPrefix: '99' }],
      [LONDON, { pattern: '^\\+44', replacement: '+44', prefix: '9' }],
      [LONDON, { format: 'digits', pattern: '^4', replacement: '4+' }],
      [LONDON, { format: 'digits', prefix: '1'.repeat(20), techPrefix: '2'.repeat(20) }],
    ]
    for (const [number, form] of cases)
      assert.throws(
        () => formNumber(asE164(number), { ...DEFAULT_NUMBER_FORM, ...form }),
        { code: 'TELEPHONY_BAD_NUMBER_FORM' },
        JSON.stringify(form),
      )
  })
  test('whatever the form, the result can be dialled or is refused', () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789*#')), maxLength: 20 })
    const forms = fc.record({
      format: fc.constantFrom('plus' as const, 'digits' as const, 'national' as const),
      country: fc.constantFrom<Country>('GB', 'US', 'DE', 'BR'),
      strip: fc.integer({ min: 0, max: 15 }),
      pattern: fc.constantFrom(undefined, '^\\+', '(\\d)(\\d)', '0*$'),
      prefix: digits,
      techPrefix: digits,
    })
    const numbers = fc.stringMatching(/^\+[1-9]\d{5,14}$/)
    fc.assert(
      fc.property(forms, numbers, (form, number) => {
        let sent: string | undefined
        try {
          sent = formNumber(asE164(number), { ...DEFAULT_NUMBER_FORM, ...form })
        } catch (thrown) {
          assert.equal(codeOf(thrown), 'TELEPHONY_BAD_NUMBER_FORM')
        }
        if (sent !== undefined) DialString.gateway('gw1', sent)
      }),
    )
  })
})

suite('number form: as an operator gives it', () => {
  test('what is left out is as by default', () => {
    assert.deepEqual(numberFormOf({}), DEFAULT_NUMBER_FORM)
    assert.deepEqual(numberFormOf({ pattern: null, country: null, prefix: null }), DEFAULT_NUMBER_FORM)
    assert.deepEqual(numberFormOf({ ...DEFAULT_NUMBER_FORM }), DEFAULT_NUMBER_FORM)
  })
  const refused = (field: string, form: unknown): void => {
    test(`${JSON.stringify(form)} is refused for its ${field}`, () =>
      assert.throws(() => numberFormOf(form), { code: 'TELEPHONY_BAD_NUMBER_FORM', details: { field } }))
  }
  refused('form', null)
  refused('form', 'plus')
  refused('form', [])
  refused('colour', { colour: 'red' })
  refused('format', { format: 'e164' })
  refused('country', { format: 'national' })
  refused('country', { format: 'national', country: 'XX' })
  refused('country', { country: 44 })
  refused('strip', { strip: -1 })
  refused('strip', { strip: 1.5 })
  refused('strip', { strip: 16 })
  refused('strip', { strip: '2' })
  refused('prefix', { format: 'digits', prefix: '1'.repeat(21) })
  refused('prefix', { format: 'digits', prefix: '+' + '1'.repeat(20) })
  refused('prefix', { format: 'digits', prefix: '12a' })
  refused('prefix', { format: 'digits', prefix: '1+2' })
  refused('prefix', { format: 'digits', prefix: '+1', techPrefix: '9' })
  refused('prefix', { format: 'digits', prefix: '${x}' })
  refused('techPrefix', { format: 'digits', techPrefix: '1 2' })
  refused('format', { prefix: '9' })
  refused('format', { techPrefix: '9' })
  refused('pattern', { pattern: 7 })
  refused('replacement', { replacement: '1' })
  refused('replacement', { pattern: '1', replacement: 'a' })
  refused('replacement', { pattern: '1', replacement: '$0' })
  refused('replacement', { pattern: '1', replacement: '$&' })
  refused('replacement', { pattern: '1', replacement: '$$' })
  refused('replacement', { pattern: '(1)', replacement: '$2' })
})
