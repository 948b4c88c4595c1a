/**
 * The tree is the dependency graph, and this proves it. Another edge between neighbours is one line in EDGES with
 * its reason, reviewed as such.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Lowest first. A folder imports those of the floors below its own. */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['telephony', 'config'],
  ['esl'],
  ['call', 'directory', 'rating'],
  [
    'routing',
    'deck',
    'caller-id',
    'recording',
    'limits',
    'acd',
    'cdr',
    'report',
    'access',
    'progress',
    'xml-curl',
  ],
  ['plan', 'flow'],
  ['engine', 'store', 'spool', 'media', 'deliver'],
  ['http', 'cli', 'sip', 'simulator', 'pages'],
  ['app'],
  ['main'],
]

/** Neighbours on one floor that may know each other, `from to`, each with its reason. */
const EDGES: Readonly<Record<string, string>> = {
  'limits routing': 'calls per second are counted one way, whoever they are counted for',
}

/** A folder that sees less than what lies below it. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  // A switch that knew how the engine thinks would agree with its mistakes.
  // It runs in a browser.
  pages: [],
  simulator: ['base', 'telephony', 'esl', 'call/carried.ts', 'xml-curl/request.ts'],
}

/** Folders whose files decide: no socket, file, database, timer or clock. */
const DECIDE: readonly string[] = [
  'call',
  'routing',
  'deck',
  'plan',
  'caller-id',
  'xml-curl',
  'rating',
  'cdr',
  'flow',
  'directory',
  'telephony',
  'report',
  'limits',
  'recording',
  'access',
  'progress',
]
const ACTING_MODULES =
  /^(?:node:)?(?:net|http|http2|https|tls|dgram|dns|fs|timers|child_process|worker_threads|cluster|readline)(?:\/|$)|^(?:pg|ioredis|fastify|pino)(?:\/|$)/
const ACTING_CALLS =
  /\b(?:Date\.now|new Date\(\)|setTimeout|setInterval|setImmediate|queueMicrotask|performance\.now|Math\.random|fetch)\b|(?<=new Date\()\)/
const RANDOM = /\b(?:randomUUID|randomBytes|randomInt|getRandomValues)\b/
const MAY_BE_RANDOM: Readonly<Record<string, string>> = {
  'telephony/call-uuid.ts':
    'a new uuid comes from somewhere; what decides is given a function that makes one',
}

/** The only readers of the environment; scripts/ stands outside of src. */
const READS_ENVIRONMENT = /^(?:main|worker-[\w-]+|cli\/(?:main|run|cli|index|entry))\.ts$/
const ENVIRONMENT = /\bprocess\.env\b|\bfrom 'node:process'/

const BANNED_NAMES =
  /(?:^|[/.-])(?:utils?|helpers?|common|types|index|sessions?|managers?|services?|processors?|data|info)(?=[/.-]|$)/i

const MOST_LINES = 400

/** Path below src, and content. */
type File = { readonly path: string; readonly text: string }

const faultsOf = ({ path, text }: File): readonly string[] => {
  const code = withoutComments(text)
  const folder = folderOf(path)
  const decides = DECIDE.includes(folder)
  return [
    ...importsOf(code).flatMap((imported) => [
      ...(imported.startsWith('.') ? floorFaults(path, posix.join(posix.dirname(path), imported)) : []),
      ...(decides && ACTING_MODULES.test(imported) ? [`${path} decides and imports ${imported}`] : []),
    ]),
    ...(floorOf(folder) < 0 ? [`${path}: ${folder} is on no floor`] : []),
    ...(decides && ACTING_CALLS.test(code) ? [`${path} decides and acts: ${first(ACTING_CALLS, code)}`] : []),
    ...(decides && RANDOM.test(code) && !Object.hasOwn(MAY_BE_RANDOM, path)
      ? [`${path} decides by chance: ${first(RANDOM, code)}`]
      : []),
    ...(ENVIRONMENT.test(code) && !READS_ENVIRONMENT.test(path) ? [`${path} reads the environment`] : []),
    ...(BANNED_NAMES.test(path) ? [`${path} has a name that says nothing`] : []),
    ...(text.split('\n').length - 1 > MOST_LINES ? [`${path} has more than ${MOST_LINES} lines`] : []),
  ]
}

const floorFaults = (from: string, to: string): readonly string[] => {
  const [own, other] = [folderOf(from), folderOf(to)]
  if (to.startsWith('..'))
    return to === '../package.json' ? [] : [`${from} imports ${to} from outside of src`]
  if (own === other) return []
  const only = ONLY[own]
  if (only !== undefined) {
    return only.includes(other) || only.includes(to) ? [] : [`${from} imports ${to}: ${own} may not see it`]
  }
  if (floorOf(other) < floorOf(own) || Object.hasOwn(EDGES, `${own} ${other}`)) return []
  return [`${from} imports ${to}: ${other} is ${floorOf(other) === floorOf(own) ? 'beside' : 'above'} ${own}`]
}

/** A file that lies in src itself is a floor of its own: `main.ts`, `worker-deck.ts`. */
const folderOf = (path: string): string => {
  const [folder = '', ...rest] = path.split('/')
  return rest.length > 0 ? folder : folder.startsWith('worker-') ? 'main' : folder.replace(/\.ts$/, '')
}

const floorOf = (folder: string): number => FLOORS.findIndex((floor) => floor.includes(folder))

const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g
const importsOf = (code: string): readonly string[] =>
  [...code.matchAll(IMPORT)].flatMap(([, , imported]) => (imported === undefined ? [] : [imported]))

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;])\/\/.*$/gm, '$1')

const first = (pattern: RegExp, code: string): string => pattern.exec(code)?.[0] ?? ''

const SOURCE = fileURLToPath(new URL('../src', import.meta.url))

const sources = (): readonly File[] =>
  readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(`${SOURCE}/${path}`, 'utf8') }))

suite('architecture', () => {
  test('every file of src keeps to its floor, its name, its size and its role', () => {
    const files = sources()
    assert.ok(files.length > 50, `only ${files.length} files were found`)
    assert.deepEqual(files.flatMap(faultsOf), [])
  })

  test('every edge between neighbours is one that is used, and none leads up', () => {
    const used = new Set(
      sources().flatMap(({ path, text }) =>
        importsOf(withoutComments(text))
          .filter((imported) => imported.startsWith('.'))
          .map((imported) => `${folderOf(path)} ${folderOf(posix.join(posix.dirname(path), imported))}`),
      ),
    )
    for (const [edge, reason] of Object.entries(EDGES)) {
      const [from = '', to = ''] = edge.split(' ')
      assert.equal(floorOf(from), floorOf(to), edge)
      assert.ok(used.has(edge), `nobody uses ${edge}`)
      assert.notEqual(reason, '')
    }
  })
})

suite('architecture: the check itself', () => {
  const rows: readonly (readonly [
    sentence: string,
    path: string,
    text: string,
    fault: RegExp | undefined,
  ])[] = [
    [
      'an import downward is fine',
      'plan/make-plan.ts',
      "import { hunt } from '../routing/hunt.ts'",
      undefined,
    ],
    ['an import within a folder is fine', 'plan/a.ts', "import { b } from './b.ts'", undefined],
    [
      'an import upward',
      'routing/hunt.ts',
      "import type { Plan } from '../plan/make-plan.ts'",
      /plan is above/,
    ],
    ['a neighbour', 'engine/board.ts', "import { query } from '../store/database.ts'", /store is beside/],
    ['base with anything of ours', 'base/clock.ts', "import '../telephony/e164.ts'", /telephony is above/],
    ['a re-export upward', 'call/plan.ts', "export { x } from '../engine/board.ts'", /engine is above/],
    [
      'an import over several lines',
      'call/plan.ts',
      "import {\n a,\n} from\n  '../app/x.ts'",
      /app is above/,
    ],
    ['a dynamic import', 'http/x.ts', "await import('../app/x.ts')", /app is above/],
    ['the simulator with the plan', 'simulator/x.ts', "import '../plan/make-plan.ts'", /may not see/],
    ['the simulator with a carried call', 'simulator/x.ts', "import '../call/carried.ts'", undefined],
    ['the simulator with another file of call', 'simulator/x.ts', "import '../call/plan.ts'", /may not see/],
    ['a socket in what decides', 'plan/x.ts', "import { connect } from 'node:net'", /imports node:net/],
    ['a file in what decides', 'cdr/x.ts', "import { readFile } from 'node:fs/promises'", /imports node:fs/],
    ['a database in what decides', 'limits/x.ts', "import pg from 'pg'", /imports pg/],
    ['a socket in what acts', 'engine/x.ts', "import { connect } from 'node:net'", undefined],
    ['a clock in what decides', 'routing/x.ts', 'const now = Date.now()', /acts: Date\.now/],
    ['the time of day in what decides', 'routing/x.ts', 'const now = new Date()', /decides and acts/],
    ['a date made from a number', 'cdr/x.ts', 'const at = new Date(ms)', undefined],
    ['a timer in what decides', 'flow/x.ts', 'setTimeout(go, 5)', /acts: setTimeout/],
    ['chance in what decides', 'routing/x.ts', 'Math.random() < 0.5', /acts: Math\.random/],
    ['a uuid in what decides', 'plan/x.ts', 'randomUUID()', /by chance/],
    ['a uuid where one is made', 'telephony/call-uuid.ts', 'randomUUID()', undefined],
    ['a clock in a comment', 'routing/x.ts', '// never Date.now\n/* nor setTimeout */', undefined],
    ['the environment', 'engine/x.ts', 'process.env.HOME', /reads the environment/],
    ['the environment in main', 'main.ts', 'process.env', undefined],
    ['a folder on no floor', 'misc/x.ts', '', /on no floor/],
    ['a name that says nothing', 'engine/call-manager.ts', '', /says nothing/],
    ['a folder that says nothing', 'base/utils/clock.ts', '', /says nothing/],
    ['a barrel', 'call/index.ts', '', /says nothing/],
    ['a name that only contains such a word', 'store/database.ts', '', undefined],
    ['a file of 400 lines', 'call/x.ts', 'a\n'.repeat(400), undefined],
    ['a file of 401 lines', 'call/x.ts', 'a\n'.repeat(401), /more than 400/],
    [
      'something from outside of src',
      'call/x.ts',
      "import '../../test/support/snapshot.ts'",
      /outside of src/,
    ],
  ]
  for (const [sentence, path, text, fault] of rows) {
    test(`${sentence} ${fault === undefined ? 'passes' : 'is found'}`, () => {
      const faults = faultsOf({ path, text })
      if (fault === undefined) assert.deepEqual(faults, [])
      else assert.match(faults.join('\n'), fault)
    })
  }
})
