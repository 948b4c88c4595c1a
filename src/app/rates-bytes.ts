/** Bytes between two threads, in order, with no more of them under way than the window allows. */
import { WINDOW_BYTES } from './rates-messages.ts'

export type ByteWindow = {
  /** So many were sent; resolves when more may be. */
  readonly sent: (count: number) => Promise<void>
  /** So many have arrived and are done with. */
  readonly taken: (count: number) => void
  /** Whoever waits, now or later, gets this. */
  readonly fail: (fault: unknown) => void
}

export const createByteWindow = (): ByteWindow => {
  const bell = createBell()
  let open = WINDOW_BYTES
  return {
    sent: async (count) => {
      open -= count
      do await bell.rings(() => open > 0)
      while (open <= 0)
    },
    taken: (count) => {
      open += count
      bell.ring()
    },
    fail: bell.fail,
  }
}

export type Inbox = {
  readonly put: (bytes: Uint8Array) => void
  readonly end: () => void
  /** Whoever reads gets this instead of more. */
  readonly fail: (fault: unknown) => void
  /** To be read once. */
  readonly bytes: () => AsyncGenerator<Uint8Array, void, undefined>
}

/** `onTaken` hears of each piece when the next one is asked for. */
export const createInbox = (onTaken: (count: number) => void): Inbox => {
  const bell = createBell()
  const pieces: Uint8Array[] = []
  let ended = false
  return {
    put: (bytes) => {
      pieces.push(bytes)
      bell.ring()
    },
    end: () => {
      ended = true
      bell.ring()
    },
    fail: bell.fail,
    bytes: async function* () {
      for (;;) {
        await bell.rings(() => pieces.length > 0 || ended)
        const piece = pieces.shift()
        if (piece !== undefined) {
          yield piece
          onTaken(piece.length)
        } else if (ended) return
      }
    },
  }
}

/** One waits; others ring it. */
const createBell = () => {
  let failure: { readonly fault: unknown } | undefined
  let wake: (() => void) | undefined
  const ring = (): void => {
    wake?.()
    wake = undefined
  }
  return {
    ring,
    /** Resolves when it rang, at once where `already`; throws once it failed. */
    rings: async (already: () => boolean): Promise<void> => {
      if (failure === undefined && !already())
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      if (failure !== undefined) throw failure.fault
    },
    fail: (fault: unknown): void => {
      failure ??= { fault }
      ring()
    },
  }
}
