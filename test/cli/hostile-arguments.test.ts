import assert from 'node:assert/strict'
import fc from 'fast-check'
import { runCli } from '../../src/cli/main.ts'

/** What a person or a script may paste; NUL cannot stand in an argument of a process. */
const hostile = fc.oneof(
  fc.constantFrom(
    '+44{x=y}|user/1,2',
    '^^;',
    ':_:',
    '$${x}',
    '"; DROP TABLE calls; --',
    '../../etc/passwd',
    '\u001b[2J',
    'a\nb',
    '%0d%0a',
    '--json',
    '-1',
    '9'.repeat(400),
    '<X-PRE-PROCESS cmd="exec" data="id"/>',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replaceAll('\0', '')),
)

const COMMANDS: readonly ((a: string, b: string) => readonly string[])[] = [
  (a, b) => ['calls', 'originate', '--from', a, '--to', b],
  (a) => ['calls', 'hangup', a],
  (a) => ['calls', 'watch', a],
  (a, b) => ['route', 'explain', a, '--organization', b],
  (a, b) => ['cdrs', 'list', '--since', a, '--limit', b],
  (a) => ['cdrs', 'ingest', `/nowhere/${a}`],
  (a) => ['bans', 'lift', a],
  (a, b) => ['gateways', 'add', '--carrier', a, '--name', b, '--hostname', b],
  (a, b) => ['lcr-routes', 'set', a, '--prefix', b],
  (a) => ['completion', a],
  (a, b) => [a, b],
]

const run = async (args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> => {
  let said = ''
  const say = (text: string): void => {
    said += text
  }
  const code = await runCli(args, {
    // Nobody listens on the discard port: what gets past the arguments ends there.
    environment: { STROWGER_URL: 'http://127.0.0.1:9', STROWGER_TOKEN: 'x'.repeat(32) },
    workingDirectory: process.cwd(),
    packageDirectory: process.cwd(),
    out: say,
    err: say,
    readInput: () => Promise.resolve(''),
    interrupt: new AbortController().signal,
  })
  return { code, said }
}

suite('cli: hostile arguments', () => {
  test('each is bad input or reaches for the engine: never a crash, never a control character on the terminal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COMMANDS), hostile, hostile, async (command, a, b) => {
        const args = command(a, b)
        const { code, said } = await run(args)
        // Help that was asked for by accident is no failure.
        const asked = args.some((each) =>
          ['--help', '-h', 'help', '--version', '-V', 'version'].includes(each),
        )
        assert.ok(
          asked || code === 1 || code === 2 || code === 3,
          `${JSON.stringify(args)} ended with ${code}`,
        )
        assert.ok(said.length > 0, `${JSON.stringify(args)} said nothing`)
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        assert.doesNotMatch(said, /[\u0000-\u0009\u000b-\u001f\u007f]/, JSON.stringify(args))
      }),
      { numRuns: 400 },
    )
  })
})
