/** The unit for systemd and the documents, held against the code: what they name is there, what is there they name. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../src/base/logger.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import {
  cliSources,
  engineDefault,
  ENGINE_VARIABLES,
  has,
  read,
  switchDefault,
  SWITCH_VARIABLES,
} from './project.ts'

const PROJECT_APP = new URL('../../src/app', import.meta.url)
const operations = read('docs/operations.md')
const readme = has('README.md') ? read('README.md') : ''
const unit = read('scripts/strowger.service')
const composeNames = new Set(
  [...read('docker-compose.yml').matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name),
)
/** src/cli/token.ts. */
const CLI_VARIABLES = ['STROWGER_URL', 'STROWGER_TOKEN'] as const

/** Everything that looks like one of our variables. */
const variablesIn = (text: string): readonly string[] => [
  ...new Set(
    [
      ...text.matchAll(
        /\b(?:STROWGER|FREESWITCH|LCR|FAILOVER|DRACHTIO|SIP_REDIRECT|SIP_OPTIONS|SIP_CUSTOM|WEBHOOK|AMD|STIR|VERIFICATION|ANSWER|EXCHANGE|PREPAID|CALLER_ID|MAX_CALL|CDR|RECORDING|DATABASE|REDIS|POSTGRES)_[A-Z0-9_]*[A-Z0-9]\b/g,
      ),
    ].map(([name]) => name),
  ),
]

suite('scripts/strowger.service', () => {
  const settings = new Map(
    [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const),
  )

  test('names only variables that the engine reads', () => {
    for (const name of variablesIn(unit)) assert.ok(ENGINE_VARIABLES.has(name), name)
  })

  test('keeps its data where it may write', () => {
    const folder = /STROWGER_DATA_DIR=(\S+)/.exec(settings.get('Environment') ?? '')?.[1]
    assert.equal(folder, `/var/lib/${settings.get('StateDirectory') ?? ''}`)
    assert.equal(settings.get('ProtectSystem'), 'strict')
  })

  test('is not started again after a fault of the configuration, and has the time to stop', () => {
    assert.equal(
      settings.get('RestartPreventExitStatus'),
      /EXIT_CONFIG = (\d+)/.exec(read('src/main.ts'))?.[1],
    )
    const http = Number(
      /STOP_TIMEOUT_MS = ([\d_]+)/.exec(read('src/http/server.ts'))?.[1]?.replaceAll('_', ''),
    )
    assert.ok(Number(settings.get('TimeoutStopSec')) * 1000 > http)
  })

  test('starts what npm start starts', () => {
    assert.match(settings.get('ExecStart') ?? '', /^\/usr\/bin\/node \/\S+\/dist\/main\.js$/)
    assert.match(read('package.json'), /"start": "node dist\/main\.js"/)
  })

  test('systemd understands it', function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      console.log('    not run: systemd-analyze not found')
      this.skip()
    }
    const folder = mkdtempSync(join(tmpdir(), 'strowger-unit-'))
    try {
      const file = join(folder, 'strowger.service')
      // The program need not be where it will be installed.
      writeFileSync(file, unit.replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'))
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
      const about = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('strowger.service'))
      assert.deepEqual({ status, about }, { status: 0, about: [] })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

suite('docs/operations.md', () => {
  test('every variable is in the table with its default, in the order of the code', () => {
    const table = operations.slice(
      operations.indexOf('## Configuration'),
      operations.indexOf('## Connect a FreeSWITCH'),
    )
    const rows = [...table.matchAll(/^\| `(\w+)` \| (?:`([^`]*)`|unset) \|/gm)].map(
      ([, name, fallback = '']) => ({
        name,
        fallback,
      }),
    )
    assert.deepEqual(
      rows,
      VARIABLES.map(({ name, fallback }) => ({ name, fallback })),
    )
  })

  test('README and it name every variable', () => {
    const named = new Set(variablesIn(`${readme}\n${operations}`))
    for (const { name } of VARIABLES) assert.ok(named.has(name), name)
  })

  test('README and it name only variables that somebody reads', () => {
    const read = new Set([...ENGINE_VARIABLES, ...SWITCH_VARIABLES, ...composeNames, ...CLI_VARIABLES])
    const testing = /^STROWGER_TEST_|^FREESWITCH_BIN$/
    for (const name of variablesIn(`${readme}\n${operations}`))
      assert.ok(read.has(name) || testing.test(name), `${name} is read by nobody`)
    for (const name of CLI_VARIABLES) assert.ok(cliSources().includes(name), name)
  })

  test("FreeSWITCH's ports are those of freeswitch-conf", () => {
    const ports = ['STROWGER_PHONES_PORT', 'STROWGER_TRUNKS_PORT'].map((name) => switchDefault(name) ?? '')
    const rtp = ['STROWGER_RTP_START', 'STROWGER_RTP_END'].map((name) => switchDefault(name) ?? '')
    assert.ok(
      operations.includes(`| \`STROWGER_PHONES_PORT\`, \`STROWGER_TRUNKS_PORT\` | ${ports.join(', ')} |`),
    )
    assert.ok(operations.includes(`| \`STROWGER_RTP_START\`, \`STROWGER_RTP_END\` | ${rtp.join(', ')} |`))
    for (const port of ports) assert.ok(operations.includes(`| ${port}/udp and tcp |`), port)
    assert.ok(operations.includes(`| ${rtp.join(' to ')}/udp |`))
    for (const name of ['STROWGER_HTTP_PORT', 'STROWGER_SOCKET_PORT', 'FREESWITCH_PORT'])
      assert.ok(operations.includes(`| ${engineDefault(name)}/tcp (\`${name}\`) |`), name)
  })

  test('scripts and files that it names exist', () => {
    const named = [
      ...operations.matchAll(/(?:\/opt\/strowger\/|\b)((?:scripts|docs|freeswitch-conf)\/[\w./-]*\w)/g),
    ]
    assert.ok(named.length > 5)
    for (const [, path = ''] of named) assert.ok(has(path), path)
  })

  test('it names every metric, and no other', () => {
    const files = readdirSync(PROJECT_APP).filter((name) => name.endsWith('metrics.ts'))
    const sources = files.map((name) => read(`src/app/${name}`)).join('')
    const made = [...sources.matchAll(/'(strowger_\w*[a-z])'/g)].map(([, name = '']) => name)
    const named = [...operations.matchAll(/\bstrowger_(?!process_|nodejs_|engine-)\w*[a-z]\b/g)].map(
      ([name]) => name,
    )
    assert.deepEqual([...new Set(named)].sort(), [...new Set(made)].sort())
  })

  test("fail2ban's pattern finds the engine's line", () => {
    const lines: string[] = []
    const logger = createLogger(
      { level: 'info', redactNumbers: true },
      { write: (line) => void lines.push(line) },
    )
    const message = /logger\.warn\(\{ address \}, '([^']+)'\)/.exec(
      read('src/engine/registration-guard.ts'),
    )?.[1]
    assert.ok(message !== undefined)
    logger.warn({ address: '192.0.2.15' }, message)
    const pattern = /^failregex = (.*)$/m.exec(operations)?.[1]?.replace('<ADDR>', '(?<address>[0-9a-f.:]+)')
    assert.equal(new RegExp(pattern ?? '$^').exec(lines[0] ?? '')?.groups?.['address'], '192.0.2.15')
  })

  test('links within it lead somewhere', () => {
    const headings = new Set(
      [...operations.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      ),
    )
    for (const [, anchor = ''] of operations.matchAll(/\]\(#([^)]+)\)/g))
      assert.ok(headings.has(anchor), anchor)
  })

  test('the database is one that the schema runs on', () => {
    const oldest = Number(/OLDEST_SERVER = (\d+)/.exec(read('src/store/migrations.ts'))?.[1]) / 10_000
    assert.ok(operations.includes(`PostgreSQL ${oldest} or newer`))
    const engines = /"node": ">=([\d.]+)"/.exec(read('package.json'))?.[1] ?? '?'
    assert.ok(operations.includes(`Node ${engines} or newer`))
  })
})
