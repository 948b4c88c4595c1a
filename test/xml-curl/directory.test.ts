import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createDirectory } from '../../src/directory/directory.ts'
import type { Snapshot } from '../../src/directory/records.ts'
import { NOT_FOUND } from '../../src/xml-curl/document.ts'
import { CACHEABLE, renderDirectory } from '../../src/xml-curl/directory.ts'
import { renderLanguage } from '../../src/xml-curl/languages.ts'
import type { DirectoryAsk } from '../../src/xml-curl/request.ts'
import { device, organization, snapshot, user } from '../support/snapshot.ts'
import { assertInert, carried, hostile, read } from './preprocessor.ts'

const DEVICES = [device(), device({ id: 112, username: 'ada-mobile', a1Hash: 'f'.repeat(32) })]

const answer = (
  ask: Partial<Extract<DirectoryAsk, { kind: 'user' }>>,
  options: { readonly domain?: string; readonly banned?: string; readonly given?: Partial<Snapshot> } = {},
): string =>
  renderDirectory(
    {
      kind: 'user',
      username: 'ada-desk',
      action: 'sip_auth',
      address: '192.0.2.7',
      dialled: undefined,
      ...ask,
    },
    options.domain ?? 'acme.example',
    createDirectory(snapshot({ devices: DEVICES, ...options.given })),
    (address) => address === options.banned,
  )

suite('xml-curl: the directory', () => {
  test('a phone gets its hash, and what its calls carry', async () => {
    const text = answer({})
    assertInert(text)
    const domain = (await read(text)).at('section', 'domain')
    assert.equal(domain.attribute('name'), 'acme.example')
    const found = domain.at('user')
    assert.equal(found.attribute('id'), 'ada-desk')
    assert.equal(found.attribute('cacheable'), CACHEABLE)
    assert.deepEqual(
      found
        .at('params')
        .all('param')
        .map((each) => [each.attribute('name'), each.attribute('value')]),
      [
        ['a1-hash', '0123456789abcdef0123456789abcdef'],
        ['auth-acl', 'phones'],
        ['dial-string', '${sofia_contact(phones/${dialed_user}@${dialed_domain})}'],
      ],
    )
    assert.deepEqual(
      found
        .at('variables')
        .all('variable')
        .map((each) => [each.attribute('name'), each.attribute('value')]),
      [
        ['user_context', 'phones'],
        ['strowger_organization_id', '1'],
        ['strowger_user_id', '11'],
        ['strowger_device_id', '111'],
        ['effective_caller_id_number', '1001'],
      ],
    )
  })

  test('each of several devices of a user has its own name and hash', async () => {
    const found = (await read(answer({ username: 'ada-mobile' }))).at('section', 'domain', 'user')
    assert.equal(found.attribute('id'), 'ada-mobile')
    assert.equal(found.at('params', 'param').attribute('value'), 'f'.repeat(32))
    assert.equal(found.at('variables').all('variable')[3]?.attribute('value'), '112')
  })

  test('no password and no other device is in the answer', () => {
    assert.doesNotMatch(answer({}), /password|ada-mobile/)
  })

  const rows: readonly (readonly [sentence: string, text: string])[] = [
    ['an unknown user', answer({ username: 'eve' })],
    ["an extension that is no device's name", answer({ username: '1001' })],
    ['an unknown domain', answer({}, { domain: 'evil.example' })],
    ['an empty domain', answer({}, { domain: '' })],
    ['a banned address', answer({}, { banned: '192.0.2.7' })],
    ['a disabled device', answer({}, { given: { devices: [device({ enabled: false })] } })],
    ['a device of a disabled user', answer({}, { given: { users: [user({ enabled: false })] } })],
    ['a disabled organisation', answer({}, { given: { organizations: [organization({ enabled: false })] } })],
    ['a user named like a property', answer({ username: '__proto__' })],
    [
      'a purpose',
      renderDirectory(
        { kind: 'purpose', purpose: 'gateways' },
        'acme.example',
        createDirectory(snapshot()),
        () => false,
      ),
    ],
    ['a language of somebody else', renderLanguage('en')],
  ]
  for (const [sentence, text] of rows) {
    test(`${sentence} is not found`, () => {
      assert.equal(text, NOT_FOUND)
    })
  }

  test('a ban counts for registrations: who dials a banned phone still finds it', () => {
    assert.notEqual(answer({ action: 'user_call' }, { banned: '192.0.2.7' }), NOT_FOUND)
    assert.notEqual(answer({ address: undefined }, { banned: '192.0.2.7' }), NOT_FOUND)
    assert.notEqual(answer({}, { banned: '192.0.2.8' }), NOT_FOUND)
  })

  test('hostile names are inert and read back', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, hostile, async (domain, username, hash, extension) => {
        const text = answer(
          { username },
          {
            domain,
            given: {
              organizations: [organization({ sipDomain: domain })],
              users: [user({ extension })],
              devices: [device({ username, a1Hash: hash })],
            },
          },
        )
        assertInert(text)
        const found = (await read(text)).at('section', 'domain')
        assert.equal(found.attribute('name'), carried(domain))
        assert.equal(found.at('user').attribute('id'), carried(username))
        assert.equal(found.at('user', 'params', 'param').attribute('value'), carried(hash))
        assert.equal(
          found.at('user', 'variables').all('variable').at(-1)?.attribute('value'),
          carried(extension),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('the phrases of our language are tones', async () => {
    const text = renderLanguage('strowger')
    assertInert(text)
    const macros = (await read(text)).at('section', 'language', 'phrases', 'macros').all('macro')
    assert.deepEqual(
      macros.map((macro) => macro.attribute('name')),
      ['unavailable', 'beep'],
    )
    for (const macro of macros) {
      assert.match(macro.at('input', 'match', 'action').attribute('data') ?? '', /^tone_stream:\/\/%\(/)
    }
  })
})
