import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { decryptSecret, encryptSecret, keyIdOf, loadOrCreateMasterKey } from '../../src/store/secret.ts'

suite('secrets', () => {
  const key = randomBytes(32)

  test('whatever is encrypted is read back, and is not to be seen in between', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 4 }), (plain) => {
        const sealed = encryptSecret(key, plain)
        assert.equal(decryptSecret(key, sealed), plain)
        assert.ok(!sealed.includes(plain))
        assert.notEqual(encryptSecret(key, plain), sealed)
      }),
    )
  })

  test('a changed letter is found', () => {
    const sealed = encryptSecret(key, 'swordfish')
    const at = sealed.length - 4
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    assert.throws(() => decryptSecret(key, changed), { code: 'STORE_BAD_SECRET' })
  })

  test('after a rotation the old key still reads, and a missing one is named', () => {
    const next = randomBytes(32)
    const sealed = encryptSecret(key, 'swordfish')
    assert.equal(decryptSecret([next, key], sealed), 'swordfish')
    assert.throws(() => decryptSecret(next, sealed), {
      code: 'STORE_BAD_SECRET',
      message: new RegExp(keyIdOf(key)),
    })
  })

  test('what was never encrypted is refused, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `v1.${keyIdOf(key)}.${text}`),
        ),
        (text) => {
          assert.throws(() => decryptSecret(key, text), { code: 'STORE_BAD_SECRET' })
        },
      ),
    )
  })

  suite('the master key', () => {
    let folder = ''
    setup(() => {
      folder = mkdtempSync(join(tmpdir(), 'strowger-key-'))
    })
    teardown(() => {
      rmSync(folder, { recursive: true })
    })

    test('is made once, for its owner only, however many ask at the same time', async () => {
      const file = join(folder, 'key')
      const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateMasterKey(file)))
      assert.equal(new Set(keys.map((made) => made.toString('hex'))).size, 1)
      assert.equal(keys[0]?.length, 32)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.deepEqual(await loadOrCreateMasterKey(file), keys[0])
    })

    test('that is not one is never replaced', async () => {
      const file = join(folder, 'key')
      writeFileSync(file, 'not a key')
      chmodSync(file, 0o600)
      await assert.rejects(loadOrCreateMasterKey(file), { code: 'STORE_BAD_MASTER_KEY' })
    })
  })
})
