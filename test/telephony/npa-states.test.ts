import assert from 'node:assert/strict'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { isGeographicNpa, US_STATES } from '../../src/telephony/north-america.ts'
import { NPA_STATES } from '../../src/telephony/npa-states.ts'

suite('area codes as shipped', () => {
  const placed = (place: string, codes: string): void => {
    test(`${codes} ${codes.includes(' ') ? 'are' : 'is'} ${place}`, () => {
      for (const npa of codes.split(' ')) {
        const { country, state } = NPA_STATES.get(npa) ?? { country: 'nowhere', state: undefined }
        assert.equal(state === undefined ? country : `${country}-${state}`, place, npa)
      }
    })
  }
  placed('US-NY', '212 315 516 518 646 718 914 917 624')
  placed('US-CA', '213 310 408 415 510 619 650 818 916 949 357')
  placed('US-TX', '210 214 281 512 713 817 915 972 621')
  placed('US-FL', '305 407 561 786 813 904')
  placed('US-IL', '217 312 630 773 847')
  placed('US-NJ', '201 609 732 908 973')
  placed('US-PA', '215 412 610 717')
  placed('US-GA', '404 678 770 912')
  placed('US-WA', '206 253 425 509')
  placed('US-MA', '413 508 617 978')
  placed('US-MO', '314 417 816')
  placed('US-KS', '316 913')
  placed('US-OH', '216 513 614 436')
  placed('US-DC', '202 771')
  placed('US-AK', '907')
  placed('US-HI', '808')
  placed('US-WY', '307')
  placed('US-RI', '401')
  placed('US-DE', '302')
  placed('US-PR', '787 939')
  placed('US-VI', '340')
  placed('US-GU', '671')
  placed('US-AS', '684')
  placed('US-MP', '670')
  placed('CA', '204 250 403 416 514 604 613 867 902 905')
  placed('JM', '658 876')
  placed('DO', '809 829 849')
  placed('BS', '242')
  placed('TT', '868')
  placed('nowhere', '800 833 888 900 500 600 700 710 222 999 211')

  test('every state, DC and every territory has at least one, and no other state is named', () => {
    const named = [...NPA_STATES.values()].flatMap(({ state }) => (state === undefined ? [] : [state]))
    assert.deepEqual([...new Set(named)].sort(), [...US_STATES].sort())
    assert.equal(US_STATES.length, 50 + 1 + 5)
  })
  test('every one can belong to a place', () => {
    for (const npa of NPA_STATES.keys()) assert.ok(isGeographicNpa(npa), npa)
  })
  test('libphonenumber says the same country for each that it knows, and knows none that is not here', () => {
    const territories = ['PR', 'VI', 'GU', 'AS', 'MP']
    const unknown: string[] = []
    for (let code = 200; code < 1000; code += 1) {
      const npa = String(code)
      if (!isGeographicNpa(npa)) continue
      const countries = new Set<string>()
      for (let exchange = 200; exchange < 1000; exchange += 3) {
        const parsed = parsePhoneNumberFromString(`+1${npa}${exchange}4567`)
        if (parsed?.isValid() === true && parsed.country !== undefined) countries.add(parsed.country)
      }
      const place = NPA_STATES.get(npa)
      const ours =
        place?.country === 'US' && territories.includes(place.state ?? '') ? place.state : place?.country
      if (countries.size > 0) assert.deepEqual([...countries], [ours], npa)
      else if (place !== undefined) unknown.push(npa)
    }
    // New overlays, see npa-states.ts. One that libphonenumber learns may go from this list.
    const known = '357 436 457 471 483 621 624 679 729 837 861 924'.split(' ')
    assert.deepEqual(
      unknown.filter((npa) => !known.includes(npa)),
      [],
    )
  })
})
