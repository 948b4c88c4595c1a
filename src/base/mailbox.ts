/**
 * A mailbox: messages are handled one after the other, in the order in which they were posted, whatever
 * they await. One call, one mailbox. A handler that throws hands its fault to `onFault`; the next message
 * is handled all the same.
 */
export type Mailbox<Message> = {
  readonly post: (message: Message) => void
  /** Resolves when everything posted so far has been handled. */
  readonly idle: () => Promise<void>
  /** Messages that wait, the one being handled not counted. */
  readonly size: () => number
  /** What waits is dropped, what is posted later is ignored. */
  readonly close: () => void
}

export const createMailbox = <Message>(
  handle: (message: Message) => void | Promise<void>,
  onFault: (fault: unknown, message: Message) => void,
): Mailbox<Message> => {
  let waiting: Message[] = []
  /** What was taken of `waiting` and its index of the next: shifting a long queue would cost its length each time. */
  let batch: Message[] = []
  let next = 0
  let running: Promise<void> | undefined

  const run = async (): Promise<void> => {
    // Whoever posts finishes what he does before it is handled.
    await Promise.resolve()
    try {
      for (let more = take(); more !== undefined; more = take()) {
        const { message } = more
        try {
          const pending = handle(message)
          if (pending !== undefined) await pending
        } catch (fault) {
          onFault(fault, message)
        }
      }
    } finally {
      // In the same turn as the last look at what waits: a message that comes later starts a run of its own.
      running = undefined
      start()
    }
  }
  const take = (): { readonly message: Message } | undefined => {
    if (next >= batch.length) {
      batch = waiting
      waiting = []
      next = 0
    }
    if (next >= batch.length) return undefined
    const message = batch[next] as Message
    next += 1
    return { message }
  }
  const size = (): number => waiting.length + batch.length - next
  const start = (): void => {
    if (size() > 0) running ??= run()
  }
  let closed = false

  return {
    post: (message) => {
      if (closed) return
      waiting.push(message)
      start()
    },
    idle: async () => {
      while (running !== undefined) await running
    },
    size,
    close: () => {
      closed = true
      waiting = []
      batch = []
      next = 0
    },
  }
}
