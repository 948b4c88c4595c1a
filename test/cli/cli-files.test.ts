import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { run, SCRIPT } from './run.ts'

suite('strowger and files', () => {
  let fake: Fake
  let env: Record<string, string>
  let folder: string
  setup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
    folder = await mkdtemp(join(tmpdir(), 'cli-'))
  })
  teardown(async () => {
    await fake.server.stop()
    await rm(folder, { recursive: true })
  })

  test('cdrs ingest posts every file, names the bad ones and removes only what is safe', async () => {
    await writeFile(join(folder, 'a_1.cdr.json'), '{"variables":{}}')
    await writeFile(join(folder, 'b_2.cdr.json'), 'no record')
    await writeFile(join(folder, 'c_3.cdr.json'), '{"variables":{"x":1}}')
    await writeFile(join(folder, 'notes.txt'), 'x')
    const ran = await run(['cdrs', 'ingest', folder, '--remove'], { env })
    assert.equal(ran.code, 1)
    assert.match(ran.out, /^2 of 3 files taken in\nb_2\.cdr\.json: /)
    assert.deepEqual((await readdir(folder)).sort(), ['b_2.cdr.json', 'notes.txt'])
    assert.equal(fake.seen.cdrs.length, 3)
  })

  test('cdrs ingest stops at an engine that cannot keep them, and removes nothing', async () => {
    await writeFile(join(folder, 'a.json'), '{"x":"disk-full"}')
    const ran = await run(['cdrs', 'ingest', folder, '--remove'], { env })
    assert.equal(ran.code, 1)
    assert.match(ran.err, /could not be written to disk/)
    assert.deepEqual(await readdir(folder), ['a.json'])
  })

  test('the token is found upwards from the working directory, and in the data directory', async () => {
    await mkdir(join(folder, '.strowger'))
    await mkdir(join(folder, 'deep', 'er'), { recursive: true })
    await writeFile(join(folder, '.strowger', 'admin-token'), `${TOKEN}\n`)
    const url = { STROWGER_URL: fake.url }
    assert.equal((await run(['calls', 'list'], { env: url, cwd: join(folder, 'deep', 'er') })).code, 0)
    assert.equal(
      (await run(['calls', 'list'], { env: { ...url, STROWGER_DATA_DIR: join(folder, '.strowger') } })).code,
      0,
    )
    const none = await run(['calls', 'list'], { env: { ...url, STROWGER_DATA_DIR: join(folder, 'deep') } })
    assert.equal(none.code, 1)
    assert.match(none.err, /wants its token: set STROWGER_TOKEN or --token \(there is no .*admin-token\)/)
    assert.equal((await run(['health'], { env: { STROWGER_HTTP_PORT: new URL(fake.url).port } })).code, 0)
  })

  test('scripts/strowger runs, and where nothing was built says what to do', async () => {
    assert.match((await run(['version'], { entry: [SCRIPT] })).out, /^strowger \d/)
    await mkdir(join(folder, 'scripts'))
    await writeFile(join(folder, 'package.json'), '{"type":"module","version":"1.2.3"}')
    await writeFile(join(folder, 'scripts', 'strowger'), await readFile(SCRIPT))
    await chmod(join(folder, 'scripts', 'strowger'), 0o755)
    const bare = await run(['version'], { entry: [join(folder, 'scripts', 'strowger')] })
    assert.deepEqual(bare, {
      code: 1,
      out: '',
      err: 'strowger: this was not built yet: run `npm ci`, or `npm run build`\n',
    })
    // As npm links a bin.
    await symlink(SCRIPT, join(folder, 'strowger'))
    assert.equal((await run(['version'], { entry: [join(folder, 'strowger')] })).code, 0)
  })
})
