import { EngineError } from '../../src/base/errors.ts'
import type { SwitchCommands } from '../../src/engine/commands.ts'

/** A switch that answers from a function and remembers what it was told. */
export type FakeCommands = SwitchCommands & {
  /** `sofia profile trunks rescan`, in order. */
  readonly told: string[]
}

export type AnswerCommand = (line: string) => string | undefined | Promise<string | undefined>

/** What `answer` leaves undefined is +OK. */
export const fakeCommands = (answer: AnswerCommand = () => undefined): FakeCommands => {
  const told: string[] = []
  const api = async (name: string, args?: string): Promise<string> => {
    const line = args === undefined ? name : `${name} ${args}`
    told.push(line)
    return (await answer(line)) ?? '+OK\n'
  }
  return { told, api, bgapi: api }
}

export const notConnected = (): never => {
  throw new EngineError('ESL_NOT_CONNECTED', 'the switch is not connected')
}
