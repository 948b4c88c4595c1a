import { fileURLToPath } from 'node:url'

/** The migrations, wherever the tests are run from. */
export const SQL_FOLDER = fileURLToPath(new URL('../../sql', import.meta.url))
