/** Why no connection with a member could be made: gRPC does not tell, so it is tried once more by hand. */

import { X509Certificate } from 'node:crypto'
import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Address } from './address.ts'
import { chainOf, nameOf, timeFault } from './certificate.ts'
import { contextOf, type Files } from './credentials.ts'

/** A reason in one sentence. */
export interface Diagnosis {
  reason: string
  /** What to do; only for what does not pass by itself. */
  hint?: string
}

/** For the handshake, and for the member's word about the client certificate, which comes after it. */
const PATIENCE_MILLISECONDS = 2000

const clock = "if the time is right, renew it; see this host's clock: date"

/** @param files undefined without TLS */
export async function diagnose({ host, port }: Address, files: Files | undefined): Promise<Diagnosis> {
  const to = { host, port }
  return files ? ofTls(await handshake(to, files), files) : ofPlain(await greeting(to))
}

type To = Pick<Address, 'host' | 'port'>

/** How a trial ended. */
interface Ended {
  /** Of the socket: `ECONNREFUSED`, or OpenSSL's. */
  code?: string
  /** Why the member's certificate is not trusted: OpenSSL's code. */
  distrust?: string
  certificate?: X509Certificate
  isConnected: boolean
}

function greeting(to: To): Promise<Ended> {
  return new Promise((resolve) => {
    const socket = connectPlain({ ...to, timeout: PATIENCE_MILLISECONDS })
    const end = (ended: Ended) => {
      socket.destroy()
      resolve(ended)
    }
    socket.on('connect', () => end({ isConnected: true }))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end({ code, isConnected: false }))
    socket.on('timeout', () => end({ code: 'ETIMEDOUT', isConnected: false }))
  })
}

function handshake(to: To, files: Files): Promise<Ended> {
  return new Promise((resolve) => {
    // Only to look at the certificate: nothing is sent, and what comes is not read.
    const socket = connectTls({
      ...to,
      ...contextOf(files),
      ...(isIP(to.host) === 0 && { servername: to.host }),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    })
    const seen: Ended = { isConnected: false }
    const end = (code?: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ ...seen, code })
    }
    const timer = setTimeout(() => end(seen.isConnected ? undefined : 'ETIMEDOUT'), PATIENCE_MILLISECONDS)
    socket.on('connect', () => {
      seen.isConnected = true
    })
    socket.on('secureConnect', () => {
      Object.assign(seen, trustOf(socket))
      if (seen.distrust) end()
    })
    socket.on('data', () => end())
    socket.on('end', () => end('ECONNRESET'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(code))
  })
}

function trustOf(socket: TLSSocket): Partial<Ended> {
  const error = socket.authorizationError as unknown as string | { code?: string } | undefined
  const distrust = typeof error === 'object' ? error?.code : error
  return { certificate: socket.getPeerX509Certificate(), ...(distrust && { distrust }) }
}

const plainReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'no host of this name',
  EAI_AGAIN: 'the name server does not answer',
  ECONNRESET: 'the connection was closed',
}

function ofPlain({ code, isConnected }: Ended): Diagnosis {
  if (!isConnected) return { reason: plainReasons[code ?? ''] ?? `no connection (${code})` }
  return {
    reason: 'it accepts connections, but does not answer as etcd without TLS does: does it want https://?',
  }
}

function ofTls(ended: Ended, files: Files): Diagnosis {
  const { code = '', distrust, certificate, isConnected } = ended
  if (distrust) return distrusted(distrust, ended, files)
  if (isConnected && !certificate && /ECONNRESET|WRONG_VERSION|PACKET_LENGTH/.test(code))
    return {
      reason: 'it ends the connection at the beginning of TLS: is it an etcd without TLS?',
      hint: 'write http:// for an etcd without TLS, or give etcd its --cert-file',
    }
  if (/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code) || (code === 'ECONNRESET' && certificate))
    return refusedByMember(code, files)
  if (plainReasons[code]) return { reason: plainReasons[code] }
  if (!isConnected || code) return { reason: `no connection (${code || 'no answer'})` }
  return { reason: 'no answer' }
}

/** This host does not trust the member. */
function distrusted(code: string, { certificate }: Ended, { ca }: Files): Diagnosis {
  const now = new Date()
  const [leaf, ...signers] = certificate ? chainOf(certificate) : []
  const ofMember = leaf && timeFault(leaf, "the member's certificate", now)
  if (ofMember) return { reason: ofMember, hint: clock }
  for (const signer of [...signers, new X509Certificate(ca)]) {
    const fault = timeFault(signer, `the certificate of the authority (${nameOf(signer)})`, now)
    if (fault) return { reason: fault, hint: clock }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      reason: `the member's certificate is for ${leaf?.subjectAltName ?? 'no name'}, not for the endpoint's host`,
      hint: 'write the endpoint with a name or address that the certificate has, or have it made with this one',
    }
  return {
    reason: `the member's certificate is signed by ${issuerOf(leaf)}, which is not in the file \`ca\` (${code})`,
    hint: "set `ca` to the certificate of the authority that signs etcd's: etcd's --trusted-ca-file",
  }
}

function issuerOf(leaf: X509Certificate | undefined): string {
  return (leaf?.issuer ?? '').split('\n').join(', ') || 'an authority'
}

/** The member does not trust this host: it does not say why. */
function refusedByMember(code: string, { cert }: Files): Diagnosis {
  if (cert === undefined)
    return {
      reason: 'it demands a client certificate (--client-cert-auth), and none is configured',
      hint: 'set `cert` and `key` in the section store',
    }
  const own = new X509Certificate(cert)
  const fault = timeFault(
    own,
    `this host's client certificate (${nameOf(own)}, the file \`cert\`)`,
    new Date(),
  )
  if (fault) return { reason: fault, hint: clock }
  return {
    reason: `it refuses this host's client certificate (${nameOf(own)}; ${code})`,
    hint: "it must be signed by etcd's --trusted-ca-file, be valid by etcd's clock, and be for clientAuth: openssl x509 -noout -text -in FILE",
  }
}
