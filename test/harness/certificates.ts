/** Certificates (RFC 5280) for tests, signed by an authority of their own. Node makes no certificates, and openssl may not be installed. */

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { parseAddress } from '../../shared/ip/address.ts'
import { bits, der, integer, octets, oid, sequence, set, time, utf8, yes } from './der.ts'

/** A certificate and its key: paths of PEM files. Only root can read the key. */
export interface Certificate {
  cert: string
  key: string
}

export interface Wishes {
  /** Names and addresses that it is for. */
  hosts?: readonly string[]
  /** Default: since two days, for two more: hosts whose clocks are wrong use them, too. */
  from?: Date
  to?: Date
}

export interface Authority {
  /** The PEM file with the authority's own certificate. */
  ca: string
  /** A new key with a certificate, for servers and clients. @param commonName of the subject; the files have its name */
  issue(commonName: string, wishes?: Wishes): Certificate
}

const hour = 3_600_000

/** Makes an authority. @param directory for its files, and those of the certificates that it issues */
export function newAuthority(directory: string, name = 'test authority'): Authority {
  const keys = newKeys()
  const issuer = { name, key: keys.privateKey }
  const ca = join(directory, `${fileName(name)}.pem`)
  writeFileSync(ca, certificate(issuer, name, keys.publicKey, [basicOfAuthority], {}))
  const issue = (commonName: string, wishes: Wishes = {}) => {
    const { privateKey, publicKey } = newKeys()
    const path = join(directory, `${fileName(name)}-${fileName(commonName)}-${++issued}`)
    writeFileSync(`${path}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    writeFileSync(`${path}.pem`, certificate(issuer, commonName, publicKey, usesOf(wishes), wishes))
    return { cert: `${path}.pem`, key: `${path}.key` }
  }
  return { ca, issue }
}

let issued = 0

/** The lifetimes of a certificate that has expired, and of one that is not valid yet. */
export const expired = (): Wishes => ({ from: fromNow(-96), to: fromNow(-72) })
export const notYetValid = (): Wishes => ({ from: fromNow(72), to: fromNow(96) })

function fromNow(hours: number): Date {
  return new Date(Date.now() + hours * hour)
}

function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, '-')
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

interface Issuer {
  name: string
  key: KeyObject
}

/** Section 4.1: what is signed, how, and the signature. @returns PEM */
function certificate(issuer: Issuer, name: string, key: KeyObject, uses: Buffer[], wishes: Wishes): string {
  const { from = fromNow(-48), to = fromNow(48) } = wishes
  const signed = sequence(
    der(0xa0, integer(2)), // version 3
    integer(1, ...randomBytes(8)),
    ecdsaWithSha256,
    distinguished(issuer.name),
    sequence(time(from), time(to)),
    distinguished(name),
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...uses)),
  )
  const whole = sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, issuer.key)))
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))

/** A name that has only a common name. */
function distinguished(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))))
}

/** Section 4.2.1.9. */
const basicOfAuthority = sequence(oid('2.5.29.19'), yes, octets(sequence(yes)))

/** Sections 4.2.1.12 (of servers and of clients) and 4.2.1.6. */
function usesOf({ hosts = [] }: Wishes): Buffer[] {
  const extended = sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))
  const uses = sequence(oid('2.5.29.37'), octets(extended))
  if (hosts.length === 0) return [uses]
  return [uses, sequence(oid('2.5.29.17'), octets(sequence(...hosts.map(alternativeName))))]
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 0) return der(0x82, Buffer.from(host))
  const value = parseAddress(host)?.value ?? 0n
  const digits = value.toString(16).padStart(isIP(host) === 4 ? 8 : 32, '0')
  return der(0x87, Buffer.from(digits, 'hex'))
}
