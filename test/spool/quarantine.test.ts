import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openQuarantine, type Quarantine } from '../../src/spool/quarantine.ts'

suite('quarantine', () => {
  let folder: string
  let quarantine: Quarantine
  const at = (name: string): string => join(folder, 'quarantine', name)
  setup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strowger-quarantine-'))
    quarantine = await openQuarantine(join(folder, 'quarantine'), () => 2_000)
  })
  teardown(() => rmSync(folder, { recursive: true, force: true }))

  const record = (text: string, arrivedAt = 1_000) => ({ bytes: Buffer.from(text), arrivedAt })

  test('what is kept is read back byte for byte, with the reason and when it came', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d])
    await quarantine.keep({ bytes, arrivedAt: 1_000 }, 'no UTF-8')
    const [kept] = (await quarantine.list(10)).records
    assert.deepEqual(kept?.bytes, bytes)
    assert.deepEqual(
      [kept.why, kept.arrivedAt, kept.refusedAt],
      ['no UTF-8', '1970-01-01T00:00:01.000Z', '1970-01-01T00:00:02.000Z'],
    )
    assert.deepEqual(await quarantine.read(kept.id), kept)
  })

  test('the same record delivered again is one file; kept once, it is one file whenever it comes', async () => {
    await quarantine.keep(record('a'), 'first')
    await quarantine.keep(record('a'), 'second')
    assert.deepEqual([quarantine.count(), readdirSync(join(folder, 'quarantine')).length], [1, 1])
    assert.equal(await quarantine.keepOnce(Buffer.from('a'), 'third'), undefined)
    assert.notEqual(await quarantine.keepOnce(Buffer.from('b'), 'third'), undefined)
    assert.equal(await quarantine.keepOnce(Buffer.from('b'), 'fourth'), undefined)
    assert.equal(quarantine.count(), 2)
  })

  test('a list is newest first, as long as is asked, and knows how many there are', async () => {
    for (const arrivedAt of [900, 20_000, 1_000])
      await quarantine.keep(record(String(arrivedAt), arrivedAt), 'x')
    const { total, records } = await quarantine.list(2)
    assert.equal(total, 3)
    assert.deepEqual(
      records.map(({ bytes }) => bytes.toString()),
      ['20000', '1000'],
    )
  })

  test('one that is removed is gone, and can be kept anew', async () => {
    await quarantine.keep(record('a'), 'x')
    const [kept] = (await quarantine.list(1)).records
    assert.equal(await quarantine.remove(kept?.id ?? ''), true)
    assert.equal(await quarantine.remove(kept?.id ?? ''), false)
    assert.equal(await quarantine.read(kept?.id ?? ''), undefined)
    assert.equal(quarantine.count(), 0)
  })

  test('files that a person put there or took away are counted at the next look, and at the next start', async () => {
    await quarantine.keep(record('a'), 'x')
    await quarantine.keep(record('b'), 'x')
    unlinkSync(at(readdirSync(join(folder, 'quarantine'))[0] ?? ''))
    writeFileSync(at('a person’s notes.txt'), 'not a record')
    await quarantine.list(1)
    assert.equal(quarantine.count(), 1)
    assert.equal((await openQuarantine(join(folder, 'quarantine'), () => 0)).count(), 1)
  })

  test('nothing but a name of ours becomes a path', async () => {
    writeFileSync(join(folder, 'secret.json'), '{}')
    for (const id of [
      '../secret',
      '',
      '1-0123456789abcdef/../../secret',
      '1-0123456789ABCDEF',
      '1-0123456789abcdef\0',
    ])
      assert.deepEqual([await quarantine.read(id), await quarantine.remove(id)], [undefined, false], id)
  })
})
