/** How clients enter a test's etcd: TLS with certificates of an authority of its own, and users that may only use a prefix. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Authority, type Certificate, newAuthority } from './certificates.ts'

export interface Access {
  /** Clients need TLS and a certificate. Between members there is no TLS. */
  tls?: boolean
  /** Common names of certificates that may only use the prefix; `root` may all. Needs `tls`. */
  users?: readonly string[]
  /** Default: `/patchbay/` */
  prefix?: string
}

export interface Tls extends Authority {
  /** A certificate of an authority that etcd does not know. */
  stranger(commonName: string): Certificate
  /** What members are started with, from their next start on. */
  serve(certificate: Certificate): void
  /** The arguments of a member. */
  args(): string[]
}

/** @param hosts the members' addresses, which their certificate is for @returns undefined without TLS */
export function openAccess({ tls }: Access, directory: string, hosts: readonly string[]): Tls | undefined {
  if (!tls) return undefined
  const home = join(directory, 'tls')
  mkdirSync(home)
  const authority = newAuthority(home)
  let own = authority.issue('member', { hosts: [...hosts, 'localhost'] })
  return {
    ...authority,
    stranger: (commonName) => newAuthority(home, 'another authority').issue(commonName),
    serve: (certificate) => {
      own = certificate
    },
    args: () => [
      ...['--cert-file', own.cert, '--key-file', own.key],
      ...['--client-cert-auth', '--trusted-ca-file', authority.ca],
    ],
  }
}

/** By itself etcdctl waits 2 s for a connection, and 5 for an answer: a busy machine needs longer. */
export const etcdctlPatience = { ETCDCTL_DIAL_TIMEOUT: '10s', ETCDCTL_COMMAND_TIMEOUT: '60s' }

/** Words of etcdctl with the same limits, unless they have one: etcdctl refuses a limit that its environment has, too. */
export function patient(words: readonly string[]): readonly string[] {
  const hasLimit = words.some((word) => word.startsWith('--command-timeout='))
  return hasLimit ? words : ['--dial-timeout=10s', '--command-timeout=60s', ...words]
}

/** The environment of etcdctl, which enters as root. */
export function ctlEnvironment(
  endpoints: readonly string[],
  tls: Tls | undefined,
  root: Certificate | undefined,
) {
  const base = { PATH: process.env.PATH, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoints.join(',') }
  if (!tls || !root) return base
  return { ...base, ETCDCTL_CACERT: tls.ca, ETCDCTL_CERT: root.cert, ETCDCTL_KEY: root.key }
}

/** Makes root and the users, with a role for the prefix, and turns on access control. */
export function giveRoles(etcdctl: (...words: string[]) => unknown, access: Access): void {
  const { users = [], prefix = '/patchbay/' } = access
  const role = ['role', 'grant-permission', 'patchbay', 'readwrite', '--prefix=true', prefix]
  etcdctl('role', 'add', 'patchbay')
  etcdctl(...role)
  etcdctl('user', 'add', 'root', '--no-password')
  etcdctl('user', 'grant-role', 'root', 'root')
  for (const user of users) {
    etcdctl('user', 'add', user, '--no-password')
    etcdctl('user', 'grant-role', user, 'patchbay')
  }
  etcdctl('auth', 'enable')
}
