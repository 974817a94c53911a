/** The files of the configuration by which this host and the members of etcd know each other. They are read anew for each connection, as they are renewed. */

import { X509Certificate } from 'node:crypto'
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls'
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
import { CniError, Code } from '../../error/error.ts'
import { KernelError } from '../../kernel/errno.ts'
import { readRegular } from '../../kernel/regular.ts'
import { Exposed, readSecret } from '../../kernel/secret.ts'
import { stat } from '../../kernel/stat.ts'
import type { StoreConfig } from '../config.ts'

/** What TLS needs, in PEM. */
export interface Files {
  ca: string
  /** The client certificate, and those between it and the one that signs. */
  cert?: string
  key?: string
}

/** Where distributions have the certificates that they trust: Debian and Alpine, Fedora, openSUSE. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
]

/** Undefined for etcd without TLS. @throws CniError that names the file */
export function filesOf({ endpoints, ca, cert, key }: StoreConfig): Files | undefined {
  if (!endpoints.some((endpoint) => endpoint.startsWith('https:'))) return undefined
  return {
    ca: certificates('ca', ca ?? systemBundle()),
    ...(cert !== undefined && { cert: certificates('cert', cert) }),
    ...(key !== undefined && { key: secret(key) }),
  }
}

/**
 * The environment changes nothing of it: neither NODE_TLS_REJECT_UNAUTHORIZED nor certificates that other variables name.
 * @param host which the member's certificate must be for
 * @throws CniError for a key that does not belong to the certificate
 */
export function credentialsOf(files: Files | undefined, host: string): ChannelCredentials {
  if (!files) return credentials.createInsecure()
  const identity = (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate)
  return credentials.createFromSecureContext(secureContext(files), {
    rejectUnauthorized: true,
    checkServerIdentity: identity,
  })
}

/** @throws CniError for a key that does not belong to the certificate */
export function requireUsable(files: Files | undefined): void {
  if (files) secureContext(files)
}

function secureContext(files: Files): SecureContext {
  try {
    return createSecureContext(contextOf(files))
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string }
    const mismatch = message.includes('key values mismatch')
    throw unusable(
      mismatch ? 'store.key: the key is not that of the certificate `cert`' : `store.key: ${code ?? message}`,
      'put both files in place together, as they were made',
    )
  }
}

export function contextOf(files: Files): SecureContextOptions {
  return { ...files, minVersion: 'TLSv1.2' }
}

function systemBundle(): string {
  const found = bundles.find((path) => stat(path))
  if (found) return found
  throw unusable(
    "store.ca is missing, and this host has no file of the system's certificates",
    `set ca to the certificate that signs etcd's, or install ca-certificates: looked for ${bundles.join(', ')}`,
  )
}

function certificates(name: string, path: string): string {
  const text = readable(name, path, readRegular)
  try {
    new X509Certificate(text)
    return text
  } catch {
    throw unusable(`store.${name}: ${path} is no certificate in PEM`, `openssl x509 -in ${path} -noout -text`)
  }
}

function secret(path: string): string {
  try {
    return readable('key', path, readSecret)
  } catch (error) {
    if (!(error instanceof Exposed)) throw error
    throw unusable(
      `store.key: ${path} is refused: ${error.message}`,
      `chown root ${path} && chmod 600 ${path}; if others could read it, get a new certificate`,
    )
  }
}

function readable(name: string, path: string, read: (path: string) => string): string {
  try {
    return read(path)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    throw unusable(
      `store.${name}: ${error.message}`,
      'the file is on each host that uses the store: see docs/cluster.md',
    )
  }
}

function unusable(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}
