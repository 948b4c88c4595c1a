import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { CALL_ID } from '../http/samples.ts'
import { run, type Ran } from './run.ts'

suite('strowger: targets', () => {
  let fake: Fake
  let folder: string
  setup(async () => {
    fake = await startFake()
    folder = mkdtempSync(join(tmpdir(), 'strowger-targets-'))
  })
  teardown(async () => {
    await fake.server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const strowger = (...args: readonly string[]): Promise<Ran> =>
    run(['targets', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })
  const add = (name = 'CRM', org = '1'): Promise<Ran> => {
    const file = join(folder, 'credentials.json')
    writeFileSync(file, '{"flow":"private-app","accessToken":"pat-secret"}')
    return strowger('add', 'hubspot', name, '--org', org, '--credentials', `@${file}`)
  }

  test('add, list and show; credentials are never shown', async () => {
    assert.equal((await strowger('list')).out, 'no targets\n')
    const added = await add()
    assert.deepEqual([added.err, added.out], ['', 'target 1 added\n'])
    assert.equal(
      (await strowger('list')).out,
      'ID  ORG  KIND     NAME  STATE  WAITING  DEAD\n1   1    hubspot  CRM   open   2        1\n',
    )
    const shown = await strowger('show', 'CRM')
    assert.match(shown.out, /^target 1: CRM\n {2}kind {7}hubspot\n/)
    assert.doesNotMatch(shown.out + (await strowger('show', '1', '--json')).out, /pat-secret/)
  })

  test('a billing server has a secret that is told once', async () => {
    const added = await strowger(
      'add',
      'http',
      'bills',
      '--org',
      '1',
      '--settings',
      '{"url":"https://x.example"}',
    )
    assert.equal(added.out, 'target 1 added\n  secret whsec_told-this-once\n')
  })

  const refused: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['an unknown kind', ['add', 'sugar', 'CRM'], /salesforce, hubspot/],
    ['JSON that is none', ['add', 'http', 'x', '--settings', '{'], /--settings takes a JSON object/],
    ['a list', ['add', 'http', 'x', '--settings', '[]'], /--settings takes a JSON object/],
    ['a file that is not there', ['add', 'http', 'x', '--mapping', '@/nowhere.json'], /--mapping: .*ENOENT/],
    [
      'a path that is not there',
      [
        'add',
        'http',
        'x',
        '--org',
        '1',
        '--settings',
        '{"url":"https://x.example"}',
        '--mapping',
        '{"body":{"n":"call.nmae"}}',
      ],
      /mapping\.body\.n: there is no CDR path/,
    ],
    ['a target that is not there', ['show', 'nobody'], /there is no target "nobody"/],
    ['nothing to change', ['set', '1'], /nothing to change/],
    ['one and all', ['replay', '1', '--delivery', '3', '--since', '2d'], /not both/],
  ]
  for (const [what, args, says] of refused)
    test(`${what} is refused`, async () => {
      const { code, err } = await strowger(...args)
      assert.equal(code, 2)
      assert.match(err, says)
    })

  test('a credential that is no JSON is not repeated', async () => {
    const { code, err, out } = await strowger('add', 'http', 'x', '--credentials', 'my-secret-token')
    assert.equal(code, 2)
    assert.doesNotMatch(err + out, /my-secret-token/)
  })

  test('a name that two organisations have asks for the id', async () => {
    await add('CRM', '1')
    await add('CRM', '2')
    const { code, err } = await strowger('show', 'CRM')
    assert.equal(code, 2)
    assert.match(err, /2 targets are called "CRM": give the id, one of 1, 2/)
  })

  test('test prints what would be sent, or sends it', async () => {
    await add()
    const dry = await strowger('test', 'CRM', '--call', CALL_ID, '--dry-run')
    assert.equal(dry.out, 'POST https://example.my.salesforce.com/x\n{\n  "Subject": "Call"\n}\n')
    const sent = await strowger('test', 'CRM', '--call', CALL_ID)
    assert.deepEqual([sent.code, sent.out], [0, 'target CRM took the call: Task created\n'])
  })

  test('dead letters, and sending them again', async () => {
    await add()
    const letters = await strowger('dead-letters', 'CRM')
    assert.match(letters.out, /31 .*failed +1 +it answered 400: INVALID_FIELD/)
    assert.equal((await strowger('replay', 'CRM', '--delivery', '31')).out, '1 calls are sent again\n')
    assert.equal((await strowger('replay', 'CRM', '--delivery', '99')).code, 2)
    assert.equal((await strowger('replay', 'CRM', '--since', '2d')).out, '1 calls are sent again\n')
  })

  test('set, paths, default mapping, remove', async () => {
    await add()
    assert.equal((await strowger('set', 'CRM', '--no-enabled')).code, 0)
    assert.match((await strowger('list')).out, /disabled/)
    assert.match((await strowger('paths')).out, /call\.talkSeconds +seconds +for which both parties talked/)
    assert.match((await strowger('default-mapping', 'salesforce')).out, /"From_UUID__c": "aLeg.legUuid"/)
    assert.equal((await strowger('remove', 'CRM')).out, 'target CRM removed\n')
  })
})
