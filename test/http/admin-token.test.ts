import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAdminToken } from '../../src/http/admin-token.ts'

suite('the admin token', () => {
  let folder: string
  setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'token-'))
  })
  teardown(() => rm(folder, { recursive: true }))

  test('is made once, for its owner only, and stays', async () => {
    const first = await readAdminToken(join(folder, 'new', 'place'))
    assert.equal(first.created, true)
    assert.ok(first.token.length >= 43)
    assert.equal((await stat(first.path)).mode & 0o777, 0o600)
    assert.deepEqual(await readAdminToken(join(folder, 'new', 'place')), { ...first, created: false })
  })

  test('engines that start together share one, and leave nothing else behind', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => readAdminToken(folder)))
    assert.equal(new Set(tokens.map(({ token }) => token)).size, 1)
    assert.equal(tokens.filter(({ created }) => created).length, 1)
    assert.deepEqual(await readdir(folder), ['admin-token'])
  })

  test('that others may read is refused', async () => {
    for (const mode of [0o640, 0o604, 0o660]) {
      await writeFile(join(folder, 'admin-token'), 'a'.repeat(40))
      await chmod(join(folder, 'admin-token'), mode)
      await assert.rejects(readAdminToken(folder), { code: 'HTTP_TOKEN_EXPOSED' })
    }
  })

  for (const content of ['', 'short', 'two words are no token at all', 'é'.repeat(40)]) {
    test(`"${content}" is none`, async () => {
      await writeFile(join(folder, 'admin-token'), content, { mode: 0o600 })
      await assert.rejects(readAdminToken(folder), { code: 'HTTP_TOKEN_UNREADABLE' })
    })
  }
})
