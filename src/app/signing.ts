/** The keys and certificates of STIR/SHAKEN, read once. */
import { readFile } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { CallerIdConfig } from '../config/caller-id.ts'
import { createIdentitySigner } from '../deliver/identity-signer.ts'
import { createIdentityVerifier } from '../deliver/identity-verifier.ts'
import type { SignIdentity, VerifyIdentity } from '../engine/signing.ts'

export type Signing = {
  readonly sign: SignIdentity | undefined
  readonly verify: VerifyIdentity | undefined
}

/** Throws CONFIG_INVALID where a file cannot be read or holds no key or certificate. */
export const readSigning = async (
  { signing, verifying }: CallerIdConfig,
  clock: Clock,
  logger: Logger,
): Promise<Signing> => ({
  sign:
    signing === undefined
      ? undefined
      : createIdentitySigner(
          await contentOf('STIR_PRIVATE_KEY_FILE', signing.privateKeyFile),
          signing.certificateUrl,
        ),
  verify:
    verifying === undefined
      ? undefined
      : createIdentityVerifier({
          trustAnchors: await contentOf('STIR_TRUST_ANCHORS_FILE', verifying.trustAnchorsFile),
          hosts: verifying.hosts,
          timeoutMs: verifying.timeoutMs,
          clock,
          logger,
        }),
})

const contentOf = async (variable: string, path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (fault) {
    throw new EngineError(
      'CONFIG_INVALID',
      `${variable} ${path} cannot be read: ${asError(fault).message}`,
      { path },
      fault,
    )
  }
}
