/** Every command line that a document shows, held against the command line: its words are commands, its options exist. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/main.ts'
import { read } from './project.ts'

const program = createProgram(
  {
    environment: {},
    workingDirectory: process.cwd(),
    packageDirectory: process.cwd(),
    out: () => undefined,
    err: () => undefined,
    readInput: () => Promise.resolve(''),
    interrupt: new AbortController().signal,
  },
  () => undefined,
)

type Shown = { readonly line: string; readonly words: readonly string[] }

/** Lines of code blocks that call us, cut at a comment, a pipe or a redirection. */
const shownIn = (text: string): readonly Shown[] =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.replace(/\\\n\s*/g, ' ').split('\n'))
    .flatMap((line) => {
      const [, rest] =
        /^(?:sudo )?(?:npx |\S*scripts\/|docker compose exec engine \S+\/|)strowger (.*)$/.exec(
          line.trim(),
        ) ?? []
      if (rest === undefined) return []
      const words =
        rest
          .split(/ [#|>]/)[0]
          ?.trim()
          .split(/\s+/) ?? []
      return [{ line, words }]
    })

const findCommand = (words: readonly string[]): Command => {
  let command = program
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) break
    command = next
  }
  return command
}

const DOCUMENTS = [
  'README.md',
  ...readdirSync(new URL('../../docs', import.meta.url)).map((name) => `docs/${name}`),
]

test('the documents for operators show some', () => {
  for (const document of ['README.md', 'docs/operations.md', 'docs/routing.md'])
    assert.ok(shownIn(read(document)).length > 3, document)
})

for (const document of DOCUMENTS.filter((path) => shownIn(read(path)).length > 0)) {
  suite(`command lines in ${document}`, () => {
    const shown = shownIn(read(document))

    for (const { line, words } of shown) {
      test(line.trim(), () => {
        const command = findCommand(words.filter((word) => !word.startsWith('-')))
        assert.ok(
          words[0]?.startsWith('-') === true || command !== program,
          `no such command: ${words.join(' ')}`,
        )
        // A group of commands is no command: what stands after it must be one of its own.
        assert.ok(command.commands.length === 0 || command === program, `${command.name()} does not do that`)
        const options = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short])
        for (const word of words.filter((each) => each.startsWith('--') && each !== '--help')) {
          assert.ok(options.includes(word.split('=')[0]), `${command.name()} has no ${word}`)
        }
      })
    }
  })
}
