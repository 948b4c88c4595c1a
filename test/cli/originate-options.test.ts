import assert from 'node:assert/strict'
import { Command } from 'commander'
import { addWishes, wishesAsBody, type Wishes } from '../../src/cli/originate-options.ts'

const bodyOf = (...args: readonly string[]): unknown => {
  const command = addWishes(new Command('originate'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  command.parse(args, { from: 'user' })
  return wishesAsBody(command.opts<Wishes>())
}

suite('command line: what may be wished for with a call', () => {
  const rows: readonly (readonly [args: readonly string[], body: object])[] = [
    [[], {}],
    [['--ring-timeout', '20', '--timeout', '40'], { ringTimeoutSeconds: 20, options: { timeout: 40 } }],
    [['--record'], { options: { recordCall: true } }],
    [['--no-record'], { options: { recordCall: false } }],
    [['--no-early-media'], { options: { earlyMedia: false } }],
    [
      ['--header', 'X-Account: 4711', '--header', 'X-Note=a: b'],
      { options: { customHeaders: { 'X-Account': '4711', 'X-Note': 'a: b' } } },
    ],
    [
      ['--machine', 'leave-message', '--message-file', '3'],
      { options: { machineDetection: { action: 'leave-message', messageFileId: 3 } } },
    ],
    [
      ['--callback-url', 'https://x/', '--callback-event', 'answered', '--callback-event', 'failed'],
      { options: { callbackUrl: 'https://x/', callbackEvents: ['answered', 'failed'] } },
    ],
    [
      ['--crm-record', '7', '--crm-type', 'Lead', '--create-task'],
      { salesforce: { recordId: '7', objectType: 'Lead', createTask: true } },
    ],
    [['--withheld', '--display-name', 'Ada'], { withheld: true, displayName: 'Ada' }],
    [['--once', 'k'], {}],
  ]
  for (const [args, body] of rows)
    test(`${args.join(' ') || 'nothing'} asks for ${JSON.stringify(body)}`, () => {
      assert.deepEqual(bodyOf(...args), body)
    })

  for (const args of [
    ['--header', 'no value'],
    ['--timeout', '4'],
    ['--max-duration', '0'],
    ['--machine', 'shout'],
  ])
    test(`${args.join(' ')} is refused`, () => {
      assert.throws(() => bodyOf(...args))
    })
})
