/** Starts one of this project's own worker threads, built or not. */
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * `entry` is a file of src without its ending, which is as ours is. One that is not built needs the loader, which
 * Node 20 does not hand on to worker threads; what else this process was started with is not for it.
 */
export const startOwnWorker = (entry: `worker-${string}`, given: WorkerOptions): Worker => {
  const extension = extname(fileURLToPath(import.meta.url))
  const file = new URL(`../${entry}${extension}`, import.meta.url)
  const options = { ...given, name: entry, execArgv: [] }
  if (extension !== '.ts') return new Worker(file, options)
  // What is required of tsx 4.23 looks for its hooks in the wrong folder; what is imported finds them.
  const path = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs')
  const load = `import(${JSON.stringify(pathToFileURL(path))}).then(({ register }) => { register(); return import('${file.href}') })`
  return new Worker(load, { ...options, eval: true })
}
