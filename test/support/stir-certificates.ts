/** A certificate authority of the tests' own, and a signer's certificate under it, made by openssl. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type StirCertificates = {
  readonly folder: string
  readonly rootFile: string
  readonly root: string
  readonly keyFile: string
  readonly key: string
  /** The signer's, then the authority's. */
  readonly chain: string
  readonly leaf: string
}

/** `days`: how long the signer's certificate is in force. */
export const makeStirCertificates = (name = 'test', days = 30): StirCertificates => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-stir-'))
  const at = (file: string): string => join(folder, file)
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  }
  const newKey = (file: string): void =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file)
  newKey('root.key')
  openssl(
    ...['req', '-x509', '-new', '-key', 'root.key', '-days', '60', '-subj', `/CN=${name} root`],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-out', 'root.pem'],
  )
  newKey('leaf.key')
  openssl('req', '-new', '-key', 'leaf.key', '-subj', `/CN=SHAKEN ${name}`, '-out', 'leaf.csr')
  writeFileSync(at('leaf.ext'), 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n')
  openssl(
    ...['x509', '-req', '-in', 'leaf.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial'],
    ...['-days', String(days), '-extfile', 'leaf.ext', '-out', 'leaf.pem'],
  )
  const read = (file: string): string => readFileSync(at(file), 'utf8')
  return {
    folder,
    rootFile: at('root.pem'),
    root: read('root.pem'),
    keyFile: at('leaf.key'),
    key: read('leaf.key'),
    leaf: read('leaf.pem'),
    chain: `${read('leaf.pem')}${read('root.pem')}`,
  }
}
