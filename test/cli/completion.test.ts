import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runCli } from '../../src/cli/main.ts'

const script = async (shell: string): Promise<string> => {
  let out = ''
  const code = await runCli(['completion', shell], {
    environment: {},
    workingDirectory: '/',
    packageDirectory: fileURLToPath(new URL('../..', import.meta.url)),
    out: (text) => (out += text),
    err: () => undefined,
    readInput: () => Promise.resolve(''),
    interrupt: new AbortController().signal,
  })
  assert.equal(code, 0)
  return out
}

/** What bash offers for a line whose last word is being written. */
const complete = (source: string, ...words: readonly string[]): readonly string[] => {
  const array = words.map((word) => `'${word}'`).join(' ')
  const run = spawnSync(
    'bash',
    [
      '-c',
      `${source}\nCOMP_WORDS=(strowger ${array}); COMP_CWORD=${words.length}; _strowger; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    { encoding: 'utf8' },
  )
  assert.equal(run.status, 0, run.stderr)
  return run.stdout.split('\n').filter((line) => line !== '')
}

suite('completion', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    test(`the ${shell} script is valid where the shell is here to say so`, async function () {
      const source = await script(shell)
      assert.match(source, /originate/)
      const checked = spawnSync(shell, ['-n'], { input: source, encoding: 'utf8' })
      if (checked.error !== undefined) this.skip()
      assert.equal(checked.status, 0, checked.stderr)
    })
  }

  test('bash offers commands, then their options and choices', async () => {
    const source = await script('bash')
    assert.deepEqual(complete(source, 'ca'), [
      'calls',
      'caller-id',
      'carriers',
      'caller-id-rules',
      'carrier-caller-ids',
    ])
    assert.deepEqual(complete(source, 'calls', 'o'), ['originate'])
    assert.deepEqual(complete(source, 'calls', 'originate', '--ca'), [
      '--caller-id',
      '--callback-url',
      '--callback-event',
    ])
    const ofCdrs = complete(source, '--json', 'cdrs', '')
    for (const word of ['list', 'export', 'erase', 'erasures', 'ingest', '--json', '--help'])
      assert.ok(ofCdrs.includes(word), `${word}: ${ofCdrs.join(' ')}`)
    assert.deepEqual(complete(source, 'completion', 'z'), ['zsh'])
  })
})
