/** A server that speaks S3, on loopback, with a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { freePort } from '../live/net.ts'

export const S3_KEYS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' } as const

export type S3Server = {
  readonly endpoint: string
  readonly folder: string
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Started. `stop` and `start` are an outage: what it has stays. */
export const startS3 = async (buckets: readonly string[]): Promise<S3Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-s3-'))
  const port = await freePort()
  let running: S3rver | undefined
  const start = async (): Promise<void> => {
    running = new S3rver({
      address: '127.0.0.1',
      port,
      silent: true,
      directory: folder,
      configureBuckets: buckets.map((name) => ({ name })),
    })
    await running.run()
  }
  const stop = async (): Promise<void> => {
    await running?.close()
    running = undefined
  }
  await start()
  return {
    endpoint: `http://127.0.0.1:${port}`,
    folder,
    start,
    stop,
    close: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
