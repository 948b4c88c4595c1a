/** Completion scripts for shells, made of the commands as they are. */
import { Argument, type Command } from 'commander'
import type { Terminal } from './context.ts'
import { EXIT } from './fault.ts'

export const addCompletion = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nExamples:\n  strowger completion bash > ~/.local/share/bash-completion/completions/strowger\n  strowger completion zsh > "${fpath[1]}/_strowger"\n  strowger completion fish > ~/.config/fish/completions/strowger.fish\n',
    )
    .action((shell: string) => {
      const script =
        shell === 'bash' ? bashScript(program) : shell === 'zsh' ? zshScript(program) : fishScript(program)
      const json = program.opts<{ json?: boolean }>().json === true
      terminal.out(json ? `${JSON.stringify({ shell, script })}\n` : script)
      ended(EXIT.ok)
    })
}

type Entry = {
  readonly path: string
  readonly words: readonly { readonly word: string; readonly describe: string }[]
}

/** What may follow each command, by the command's words. */
const entriesOf = (command: Command, path: string, globals: Entry['words']): readonly Entry[] => {
  const commands = command.commands.map((inner) => ({ word: inner.name(), describe: inner.description() }))
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  const options = command.parent === null ? [] : optionsOf(command)
  const words = [...commands, ...choices.map((word) => ({ word, describe: '' })), ...options, ...globals]
  return [
    { path, words },
    ...command.commands.flatMap((inner) => entriesOf(inner, `${path} ${inner.name()}`.trim(), globals)),
  ]
}

const optionsOf = (command: Command): Entry['words'] =>
  command.options.flatMap((option) =>
    option.long === undefined ? [] : [{ word: option.long, describe: option.description }],
  )

const allEntries = (program: Command): readonly Entry[] =>
  entriesOf(program, '', [
    ...optionsOf(program).filter(({ word }) => word !== '--version'),
    { word: '--help', describe: 'help' },
  ])

/** The case that both bash and zsh read: the command so far to the words that may follow. */
const cases = (program: Command): string =>
  allEntries(program)
    .map(
      ({ path, words }) => `    ${quote(path)}) words=${quote(words.map(({ word }) => word).join(' '))} ;;`,
    )
    .join('\n')

const commandWords = (program: Command): string =>
  allEntries(program)
    .map(({ path }) => path)
    .filter((path) => path !== '')
    .map(quote)
    .join('|')

const bashScript = (program: Command): string => `# bash completion for strowger
_strowger() {
  local path='' words='' word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    case "\${path:+$path }$word" in
      ${commandWords(program)}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases(program)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _strowger strowger
`

const zshScript = (program: Command): string => `#compdef strowger
_strowger() {
  local path_so_far='' words_here='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${path_so_far:+$path_so_far }$word" in
      ${commandWords(program)}) path_so_far="\${path_so_far:+$path_so_far }$word" ;;
    esac
  done
  case "$path_so_far" in
${cases(program).replaceAll(') words=', ') words_here=')}
  esac
  compadd -- \${=words_here}
}
if [ "$funcstack[1]" = "_strowger" ]; then
  _strowger "$@"
else
  compdef _strowger strowger
fi
`

const fishScript = (program: Command): string => {
  const lines = allEntries(program).flatMap(({ path, words }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ')
    return words.map(({ word, describe }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
      return `complete -c strowger -n ${quote(condition)} ${what} -d ${quote(describe)}`
    })
  })
  return `# fish completion for strowger\ncomplete -c strowger -f\n${lines.join('\n')}\n`
}

/** Single quotes, which all three shells read alike where no quote is inside. */
const quote = (text: string): string => `'${text.replaceAll("'", '’').replace(/[\\\n]/g, ' ')}'`
