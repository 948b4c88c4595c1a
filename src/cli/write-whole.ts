/** What comes over the API into a file: a file that was there stays as it is until all of the new one has come. */
import { open, rename, rm } from 'node:fs/promises'
import { CliFault, EXIT, reasonOf } from './fault.ts'
import { plain } from './json.ts'

/** Bytes written. `mode` is the new file's, before the umask. Throws CliFault BAD_FILE. */
export const writeWhole = async (
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  mode: number,
): Promise<number> => {
  const part = `${path}.part`
  const handle = await open(part, 'w', mode).catch((fault: unknown) => {
    throw new CliFault(
      EXIT.badInput,
      'BAD_FILE',
      `${plain(path)} cannot be written: ${reasonOf(fault)}`,
      fault,
    )
  })
  let bytes = 0
  try {
    for await (const piece of pieces) {
      await handle.writeFile(piece)
      bytes += piece.length
    }
    await handle.close()
    await rename(part, path)
    return bytes
  } catch (fault) {
    await handle.close()
    await rm(part, { force: true })
    throw fault
  }
}
