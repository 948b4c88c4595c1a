/**
 * One process a spool: a second one would delete segments that the first still writes. The lock is a listening
 * socket in the folder, which the kernel lets go of when its owner dies, however it dies, and which is seen
 * from every container that shares the folder; a pid file is neither.
 */
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { removeFile } from './disk.ts'

/** sun_path is 108 bytes on Linux and 104 on others (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 103

/** Takes the folder, or throws SPOOL_IN_USE. The result lets go of it. */
export const lockFolder = async (directory: string, logger: Logger): Promise<() => Promise<void>> => {
  const path = join(directory, 'owner.sock')
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    logger.warn({ directory }, 'the path of the spool is too long to be locked: start one engine only on it')
    return () => Promise.resolve()
  }
  const server = (await listen(path)) ?? (await takeOver(path))
  if (server === undefined) {
    throw new EngineError('SPOOL_IN_USE', `the spool in ${directory} belongs to another engine that runs`, {
      directory,
    })
  }
  server.unref()
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve()
      })
    })
}

const takeOver = async (path: string): Promise<Server | undefined> => {
  if (await answers(path)) return undefined
  await removeFile(path)
  return listen(path)
}

/** The listening socket, or undefined where there is one already, alive or left over. */
const listen = (path: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.destroy()
    })
    server.once('error', (fault) => {
      if (codeOf(fault) === 'EADDRINUSE') resolve(undefined)
      else reject(fault)
    })
    server.listen(path, () => {
      resolve(server)
    })
  })

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
