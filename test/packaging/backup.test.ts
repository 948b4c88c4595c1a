/** scripts/backup and scripts/restore against a real PostgreSQL, and against a pg_dump that tells what it was shown. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import { testDatabase, withDatabase, type TestDatabase } from '../support/postgres.ts'
import { PROJECT } from './project.ts'

type Run = { readonly code: number | null; readonly out: string; readonly err: string }

const run = (
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Run => {
  const ended = spawnSync(join(PROJECT, 'scripts', script), args, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env['PATH'], LANG: 'C', ...environment },
  })
  return { code: ended.status, out: ended.stdout, err: ended.stderr }
}

const query = async (url: string, statement: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

/** Every table with the number of its rows. */
const tables = async (url: string): Promise<readonly unknown[]> =>
  query(
    url,
    `SELECT table_name AS name, (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', table_schema, table_name), false, true, '')))[1]::text AS rows
     FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name`,
  )

/** The major version of a client program; undefined where there is none. */
const majorOf = (program: string): number | undefined => {
  const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return status === 0 ? Number(/(\d+)/.exec(stdout)?.[1]) : undefined
}

let folder = ''
setup(() => {
  folder = mkdtempSync(join(tmpdir(), 'strowger-backup-'))
})
teardown(() => rmSync(folder, { recursive: true, force: true }))

const KEY = '6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9'

const makeDataDirectory = (): string => {
  const data = join(folder, 'data')
  mkdirSync(join(data, 'spool', 'quarantine'), { recursive: true, mode: 0o700 })
  const write = (name: string, text: string): void => writeFileSync(join(data, name), text, { mode: 0o600 })
  write('master-key', `${KEY}\n`)
  write('admin-token', 'admin-token-of-the-test\n')
  write('xml-curl-password', 'xml-curl-password-of-the-test\n')
  write('spool/drained.json', '{"segment":1,"offset":5}\n')
  write('spool/0000000000000001.journal', 'records')
  write('spool/quarantine/1-a.json', '{}')
  return data
}

suite('scripts/backup and scripts/restore, with PostgreSQL', function () {
  this.timeout(120_000)
  let source: TestDatabase | undefined
  let emptyUrl = ''
  let dropEmpty = (): Promise<unknown> => Promise.resolve()

  suiteSetup(async function () {
    const missing = ['pg_dump', 'pg_restore', 'psql'].filter((program) => majorOf(program) === undefined)
    if (missing.length > 0) {
      console.log(`    not run: ${missing.join(', ')} not found`)
      this.skip()
    }
    source = await testDatabase()
    const [row] = await query(
      source.url,
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    )
    const server = Number(Object.values(row ?? {})[0])
    if ((majorOf('pg_dump') ?? 0) < server) {
      console.log(`    not run: pg_dump is older than the server, which is PostgreSQL ${server}`)
      this.skip()
    }
  })
  setup(async function () {
    if (source === undefined) return
    const { url } = source
    const name = `empty_${process.pid}_${Date.now()}`
    await query(url, `CREATE DATABASE ${name} TEMPLATE template0`)
    emptyUrl = withDatabase(url, name)
    dropEmpty = () => query(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  })
  teardown(() => dropEmpty())
  suiteTeardown(() => source?.drop())

  const url = (): string => source?.url ?? ''

  test('what was written comes back: rows, keys, tokens, spool', async () => {
    await query(url(), "INSERT INTO carriers (code, name) VALUES ('backup', 'Carrier of the backup')")
    const data = makeDataDirectory()
    const output = join(folder, 'backup.tar')
    const backup = run('backup', ['--data-dir', data, output], { DATABASE_URL: url() })
    assert.equal(backup.code, 0, backup.err)
    assert.equal(statSync(output).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder).sort(), ['backup.tar', 'data'])

    const restored = join(folder, 'restored')
    const restore = run('restore', ['--data-dir', restored, output], { DATABASE_URL: emptyUrl })
    assert.equal(restore.code, 0, restore.err)
    assert.deepEqual(await tables(emptyUrl), await tables(url()))
    assert.equal(
      (await query(emptyUrl, "SELECT 1 FROM carriers WHERE name = 'Carrier of the backup'")).length,
      1,
    )
    const names = (directory: string): readonly string[] =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
    assert.deepEqual(names(restored), names(data))
    for (const name of names(data)) {
      const { mode } = statSync(join(restored, name))
      assert.equal(mode & 0o077, 0, name)
      if (statSync(join(data, name)).isFile())
        assert.equal(readFileSync(join(restored, name), 'utf8'), readFileSync(join(data, name), 'utf8'))
    }
    for (const { out, err } of [backup, restore])
      for (const secret of [KEY, 'admin-token-of-the-test', new URL(url()).password])
        assert.ok(!`${out}${err}`.includes(secret))
  })

  test('a database that has something is refused, and is not touched', async () => {
    const data = makeDataDirectory()
    const output = join(folder, 'backup.tar')
    assert.equal(run('backup', ['--data-dir', data, output], { DATABASE_URL: url() }).code, 0)
    await query(emptyUrl, 'CREATE TABLE other (id int)')
    const restore = run('restore', ['--data-dir', join(folder, 'restored'), output], {
      DATABASE_URL: emptyUrl,
    })
    assert.equal(restore.code, 1)
    assert.match(restore.err, /not empty/)
    assert.ok(!existsSync(join(folder, 'restored', 'master-key')))
    assert.deepEqual(await tables(emptyUrl), [{ name: 'other', rows: '0' }])
  })

  test('a data directory that has a key is refused before the database is touched', async () => {
    const data = makeDataDirectory()
    const output = join(folder, 'backup.tar')
    assert.equal(run('backup', ['--data-dir', data, output], { DATABASE_URL: url() }).code, 0)
    const restore = run('restore', ['--data-dir', data, output], { DATABASE_URL: emptyUrl })
    assert.equal(restore.code, 1)
    assert.match(restore.err, /holds master-key already/)
    assert.deepEqual(await tables(emptyUrl), [])
  })

  test('a dump that is damaged leaves the database empty', async () => {
    const staged = join(folder, 'strowger-backup')
    mkdirSync(staged)
    writeFileSync(join(staged, 'manifest'), 'format 1\nmade now\n')
    writeFileSync(join(staged, 'database.dump'), 'PGDMP and then nothing')
    const output = join(folder, 'bad.tar')
    assert.equal(spawnSync('tar', ['-cf', output, '-C', folder, 'strowger-backup']).status, 0)
    const restore = run('restore', ['--data-dir', join(folder, 'restored'), output], {
      DATABASE_URL: emptyUrl,
    })
    assert.equal(restore.code, 1)
    assert.deepEqual(await tables(emptyUrl), [])
    assert.deepEqual(readdirSync(join(folder, 'restored')), [])
  })
})

suite('scripts/backup', () => {
  /** A folder of programs before PATH: a pg_dump that writes what it was shown to `seen`, and exits so. */
  const fakePgDump = (exit = 0): string => {
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(
      join(bin, 'pg_dump'),
      `#!/bin/sh
[ "$1" = --version ] && echo 'pg_dump 16' && exit 0
printf '%s\\n' "$@" > "${folder}/arguments"
printf '%s' "$PGPASSWORD" > "${folder}/password"
for each in "$@"; do case $each in --file=*) echo dump > "\${each#--file=}" ;; esac; done
exit ${exit}
`,
    )
    chmodSync(join(bin, 'pg_dump'), 0o755)
    return `${bin}${delimiter}${process.env['PATH'] ?? ''}`
  }
  const seen = (name: string): string => readFileSync(join(folder, name), 'utf8')

  for (const [written, password] of [
    ['postgres://user:s3cret@db.example:5432/name?sslmode=require', 's3cret'],
    ['postgresql://user:p%40ss%2Fw%25%3A@db.example/name', 'p@ss/w%:'],
    ['postgres://user:a@b@db.example/name', 'a@b'],
    [String.raw`postgres://user:back\nslash@db.example/name`, String.raw`back\nslash`],
  ] as const)
    test(`the password of ${written} is in no command line`, () => {
      const PATH = fakePgDump()
      const result = run('backup', ['--data-dir', makeDataDirectory(), join(folder, 'x.tar')], {
        DATABASE_URL: written,
        PATH,
      })
      assert.equal(result.code, 0, result.err)
      assert.equal(seen('password'), password)
      assert.match(
        seen('arguments'),
        /^--dbname=postgres(ql)?:\/\/user@db\.example(:5432)?\/name(\?sslmode=require)?$/m,
      )
    })

  test('settings are read from a file for systemd', () => {
    const PATH = fakePgDump()
    const file = join(folder, 'strowger.env')
    const data = makeDataDirectory()
    writeFileSync(
      file,
      `# a comment\nDATABASE_URL=postgres://old:x@h/n\nDATABASE_URL="postgres://user:s3cret@db.example/name"\nSTROWGER_DATA_DIR=${data}\n`,
    )
    const result = run('backup', ['--env-file', file, join(folder, 'x.tar')], { PATH })
    assert.equal(result.code, 0, result.err)
    assert.equal(seen('password'), 's3cret')
  })

  test("without DATABASE_URL it is the PostgreSQL of the data directory's trial", () => {
    const PATH = fakePgDump()
    const data = makeDataDirectory()
    mkdirSync(join(data, 'postgres', 'cluster'), { recursive: true })
    writeFileSync(join(data, 'postgres', 'password'), 'trial-password\n')
    writeFileSync(
      join(data, 'postgres', 'cluster', 'postmaster.pid'),
      '123\n/somewhere\n1\n54321\n\n127.0.0.1\n',
    )
    const result = run('backup', ['--data-dir', data, join(folder, 'x.tar')], { PATH })
    assert.equal(result.code, 0, result.err)
    assert.equal(seen('password'), 'trial-password')
    assert.match(seen('arguments'), /^--dbname=postgres:\/\/strowger@127\.0\.0\.1:54321\/strowger$/m)
    const listed = spawnSync('tar', ['-tf', join(folder, 'x.tar')], { encoding: 'utf8' }).stdout
    assert.ok(!listed.includes('cluster'), 'the cluster is dumped, not copied')
  })

  test('nothing is left where pg_dump fails', () => {
    const PATH = fakePgDump(1)
    const result = run('backup', ['--data-dir', makeDataDirectory(), join(folder, 'x.tar')], {
      DATABASE_URL: 'postgres://u:p@h/n',
      PATH,
    })
    assert.equal(result.code, 1)
    assert.deepEqual(
      readdirSync(folder).filter((name) => /tar|strowger-backup/.test(name)),
      [],
    )
  })

  test('a file that is there is not overwritten', () => {
    const output = join(folder, 'x.tar')
    writeFileSync(output, 'mine')
    const result = run('backup', ['--data-dir', makeDataDirectory(), output], {
      DATABASE_URL: 'postgres://u:p@h/n',
    })
    assert.equal(result.code, 1)
    assert.equal(readFileSync(output, 'utf8'), 'mine')
  })

  test('without a master key there is no backup, unless it stands in the environment', () => {
    const PATH = fakePgDump()
    const data = makeDataDirectory()
    rmSync(join(data, 'master-key'))
    const settings = { DATABASE_URL: 'postgres://u:p@h/n', PATH }
    assert.match(run('backup', ['--data-dir', data, join(folder, 'x.tar')], settings).err, /no master-key/)
    const told = run('backup', ['--data-dir', data, join(folder, 'x.tar')], {
      ...settings,
      STROWGER_MASTER_KEY: KEY,
    })
    assert.equal(told.code, 0)
    assert.match(told.out, /NOT in this backup/)
    assert.ok(!told.out.includes(KEY))
  })

  for (const script of ['backup', 'restore']) {
    test(`${script} --help says how, and an unknown option is refused`, () => {
      assert.match(run(script, ['--help']).out, /^Usage: scripts\//)
      assert.equal(run(script, ['--help']).code, 0)
      assert.equal(run(script, ['--nonsense', 'x']).code, 2)
      assert.equal(run(script, []).code, 2)
    })
  }
})

suite('scripts/restore', () => {
  const tarOf = (make: (root: string) => void, ...args: readonly string[]): string => {
    const root = join(folder, 'strowger-backup')
    mkdirSync(join(root, 'data'), { recursive: true })
    writeFileSync(join(root, 'manifest'), 'format 1\nmade now\n')
    writeFileSync(join(root, 'database.dump'), 'x')
    make(root)
    const output = join(folder, 'x.tar')
    assert.equal(spawnSync('tar', ['-cf', output, '-C', folder, ...args, 'strowger-backup']).status, 0)
    return output
  }
  const restore = (file: string): Run =>
    run('restore', ['--data-dir', join(folder, 'restored'), file], {
      DATABASE_URL: 'postgres://u:p@127.0.0.1:1/n',
    })
  // The programs are looked for first.
  const present = ['pg_restore', 'psql'].every((program) => majorOf(program) !== undefined)

  for (const [name, make, told] of [
    ['a link', (root: string) => symlinkSync('/etc', join(root, 'data', 'spool')), /holds links/],
    ['no dump', (root: string) => rmSync(join(root, 'database.dump')), /no backup of scripts\/backup/],
  ] as const)
    test(`a file with ${name} is refused`, function () {
      if (!present) this.skip()
      const result = restore(tarOf(make))
      assert.equal(result.code, 1)
      assert.match(result.err, told)
      assert.ok(!existsSync(join(folder, 'restored')))
    })

  test('a file that writes elsewhere is refused', function () {
    if (!present) this.skip()
    const file = tarOf(() => undefined, '--absolute-names', '--transform=s,manifest,../../evil,')
    assert.match(restore(file).err, /paths that scripts\/backup does not write/)
  })

  test('what is no tar file is refused', function () {
    if (!present) this.skip()
    writeFileSync(join(folder, 'x.tar'), 'no tar')
    assert.match(restore(join(folder, 'x.tar')).err, /no tar file/)
  })
})
