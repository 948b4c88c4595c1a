/** Caller IDs: how numbers are proved, and how calls are signed and checked (STIR/SHAKEN). */
import type { Reader } from './reader.ts'

export type CallerIdConfig = {
  /** For so many days a proof is good; 0: for good. */
  readonly verificationDays: number
  /** The operator's SMS provider; undefined: no codes by message. */
  readonly smsUrl: string | undefined
  /** Undefined: calls are not signed. */
  readonly signing:
    | {
        /** PEM, an EC key on P-256 (RFC 8225: ES256). */
        readonly privateKeyFile: string
        /** Where others find the certificate; stands in every Identity. */
        readonly certificateUrl: string
      }
    | undefined
  /** Undefined: what carriers sign is not checked. */
  readonly verifying:
    | {
        /** PEM, the certificates that are trusted to sign others. */
        readonly trustAnchorsFile: string
        /** Hosts from which certificates are fetched. */
        readonly hosts: readonly string[]
        /** Milliseconds that a call waits for the verdict at the most. */
        readonly timeoutMs: number
      }
    | undefined
}

export const readCallerId = ({ whole, url, path, list, problem }: Reader): CallerIdConfig => {
  const privateKeyFile = path('STIR_PRIVATE_KEY_FILE')
  const certificateUrl = url('STIR_CERTIFICATE_URL', ['https:', 'http:'])
  if ((privateKeyFile === undefined) !== (certificateUrl === undefined))
    problem('STIR_PRIVATE_KEY_FILE and STIR_CERTIFICATE_URL come together')
  // It stands in a dial string as it is.
  if (certificateUrl !== undefined && !/^[\w.:@+=~/-]{1,200}$/.test(certificateUrl))
    problem('STIR_CERTIFICATE_URL takes a URL of letters, digits and _ . : @ + = ~ / -')
  const trustAnchorsFile = path('STIR_TRUST_ANCHORS_FILE')
  const hosts = list('STIR_CERTIFICATE_HOSTS')
  for (const host of hosts) {
    if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(:\d{1,5})?$/.test(host))
      problem(`STIR_CERTIFICATE_HOSTS has "${host}": it takes host names`)
  }
  if ((trustAnchorsFile === undefined) !== (hosts.length === 0))
    problem('STIR_TRUST_ANCHORS_FILE and STIR_CERTIFICATE_HOSTS come together')
  const timeoutMs = whole('STIR_VERIFY_TIMEOUT', 10, 5_000)
  return {
    verificationDays: whole('CALLER_ID_VERIFICATION_DAYS', 0, 3_650),
    smsUrl: url('VERIFICATION_SMS_URL', ['https:', 'http:']),
    signing:
      privateKeyFile === undefined || certificateUrl === undefined
        ? undefined
        : { privateKeyFile, certificateUrl },
    verifying:
      trustAnchorsFile === undefined || hosts.length === 0
        ? undefined
        : { trustAnchorsFile, hosts, timeoutMs },
  }
}
