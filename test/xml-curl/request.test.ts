import assert from 'node:assert/strict'
import { readRequest, type XmlCurlRequest } from '../../src/xml-curl/request.ts'

const ask = (fields: Readonly<Record<string, string>>): XmlCurlRequest =>
  readRequest(new Map(Object.entries(fields)))

suite('xml-curl: what is asked', () => {
  test('a call: where it hunts now comes before where it began', () => {
    const request = ask({
      section: 'dialplan',
      'Hunt-Context': 'phones',
      'Caller-Context': 'trunks',
      'Hunt-Destination-Number': '1002',
      'Caller-Destination-Number': '1001',
      'Unique-ID': 'u',
      variable_x: 'y',
    })
    assert.equal(request.section, 'dialplan')
    assert.deepEqual([request.context, request.dialled, request.uuid], ['phones', '1002', 'u'])
    assert.equal(request.field('variable_x'), 'y')
    assert.equal(request.field('variable_z'), undefined)
  })

  test('a call without a hunt is asked for where it began, and an empty field counts as missing', () => {
    const request = ask({
      section: 'dialplan',
      'Hunt-Context': '',
      'Caller-Context': 'trunks',
      'Caller-Destination-Number': '+44',
    })
    assert.equal(request.section, 'dialplan')
    assert.deepEqual([request.context, request.dialled, request.uuid], ['trunks', '+44', ''])
  })

  test('a registration', () => {
    const request = ask({
      section: 'directory',
      key_value: 'acme.example',
      domain: 'acme.example',
      action: 'sip_auth',
      user: 'ada-desk',
      ip: '192.0.2.7',
    })
    assert.equal(request.section, 'directory')
    assert.equal(request.domain, 'acme.example')
    assert.deepEqual(request.ask, {
      kind: 'user',
      username: 'ada-desk',
      action: 'sip_auth',
      address: '192.0.2.7',
      dialled: undefined,
    })
  })

  test('a profile that starts asks for a purpose and not for a user', () => {
    const request = ask({ section: 'directory', purpose: 'gateways', profile: 'trunks' })
    assert.equal(request.section, 'directory')
    assert.deepEqual(request.ask, { kind: 'purpose', purpose: 'gateways' })
  })

  test('a configuration file, with the profile that is rescanned', () => {
    const request = ask({
      section: 'configuration',
      key_value: 'sofia.conf',
      profile: 'trunks',
      reconfig: 'true',
    })
    assert.equal(request.section, 'configuration')
    assert.deepEqual([request.file, request.profile], ['sofia.conf', 'trunks'])
  })

  test('a language', () => {
    const request = ask({ section: 'languages', key_value: 'strowger' })
    assert.equal(request.section === 'languages' && request.language, 'strowger')
  })

  for (const section of ['chatplan', '', '__proto__']) {
    test(`a section ${JSON.stringify(section)} is another`, () => {
      assert.equal(ask({ section }).section, 'other')
    })
  }

  test('no field at all is another', () => {
    assert.equal(ask({}).section, 'other')
  })
})
