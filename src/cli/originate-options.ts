/** What may be wished for with a call, as options of `strowger calls originate`, and as the body that the API takes. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { recordId, wholeNumber } from './context.ts'

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

const header = (
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => {
  const [, name, value] = /^([A-Za-z][\w-]*)\s*[:=]\s*(.+)$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('It takes a name and a value: "X-Account: 4711".')
  return { ...before, [name]: value }
}

export const addWishes = (command: Command): Command =>
  command
    .option('--organization <id>', 'the organisation of the phone', recordId)
    .option('--caller-id <number>', 'the number to show, in E.164 form')
    .option('--display-name <name>', 'the name to show')
    .option('--withheld', 'show no number')
    .option('--ring-timeout <seconds>', 'seconds for which the phone rings', wholeNumber(5, 120))
    .option('--timeout <seconds>', 'seconds for which the destination rings', wholeNumber(5, 300))
    .option('--max-duration <seconds>', 'end the call after so much talk', wholeNumber(1, 86_400))
    .option('--record', 'record the call')
    .option('--no-record', 'do not record it, where a policy leaves the choice')
    .option('--recording-policy <id>', 'record it under this policy', recordId)
    .option('--no-early-media', 'let the caller hear nothing from the carrier before the answer')
    .option('--answer-confirm', 'connect the callee when he has pressed 1')
    .addOption(
      new Option('--machine <action>', 'what to do when an answering machine answers').choices([
        'hangup',
        'leave-message',
        'connect',
      ]),
    )
    .option('--message-file <id>', 'the audio file for --machine leave-message', recordId)
    .option('--header <name:value>', 'a SIP header of the INVITE to the destination, again and again', header)
    .option('--callback-url <url>', 'where the events of the call are sent')
    .option('--callback-event <event>', 'an event that is sent there, again and again', collect)
    .option('--crm-record <id>', 'the record of the CRM, kept with the call')
    .option('--crm-type <type>', 'what the record is, such as Contact')
    .option('--create-task', 'ask the CRM for a task')
    .option('--once <key>', 'an idempotency key: the same command again starts no second call')

export type Wishes = {
  readonly organization?: number
  readonly callerId?: string
  readonly displayName?: string
  readonly withheld?: boolean
  readonly ringTimeout?: number
  readonly timeout?: number
  readonly maxDuration?: number
  readonly record?: boolean
  readonly recordingPolicy?: number
  readonly earlyMedia: boolean
  readonly answerConfirm?: boolean
  readonly machine?: string
  readonly messageFile?: number
  readonly header?: Readonly<Record<string, string>>
  readonly callbackUrl?: string
  readonly callbackEvent?: readonly string[]
  readonly crmRecord?: string
  readonly crmType?: string
  readonly createTask?: boolean
  readonly once?: string
}

/** The body of POST /v1/calls/originate, but for who calls whom. What nobody asked for is not in it. */
export const wishesAsBody = (wishes: Wishes): Readonly<Record<string, unknown>> => {
  const options = withoutGaps({
    timeout: wishes.timeout,
    maxDuration: wishes.maxDuration,
    recordCall: wishes.record,
    recordingPolicyId: wishes.recordingPolicy,
    earlyMedia: wishes.earlyMedia ? undefined : false,
    answerConfirm: wishes.answerConfirm,
    machineDetection:
      wishes.machine === undefined
        ? undefined
        : withoutGaps({ action: wishes.machine, messageFileId: wishes.messageFile }),
    customHeaders: wishes.header,
    callbackUrl: wishes.callbackUrl,
    callbackEvents: wishes.callbackEvent,
  })
  const salesforce = withoutGaps({
    recordId: wishes.crmRecord,
    objectType: wishes.crmType,
    createTask: wishes.createTask,
  })
  return withoutGaps({
    organizationId: wishes.organization,
    callerId: wishes.callerId,
    displayName: wishes.displayName,
    withheld: wishes.withheld,
    ringTimeoutSeconds: wishes.ringTimeout,
    salesforce: Object.keys(salesforce).length === 0 ? undefined : salesforce,
    options: Object.keys(options).length === 0 ? undefined : options,
  })
}

const withoutGaps = (all: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
