/** Reads keys from a file that only root may read. Errors, logs and results never contain any of it. */

import { CniError, Code } from '../../shared/error/error.ts'
import { KernelError } from '../../shared/kernel/errno.ts'
import { Exposed, readSecret } from '../../shared/kernel/secret.ts'
import { isExtended, keyLength } from '../../shared/netlink/macsec.ts'
import type { SecureAssociation } from '../../shared/netlink/macsec-associations.ts'
import type { MacsecConfig } from './config.ts'
import { sciOfPeer } from './rules.ts'

/** A key as the file has it, in hexadecimal digits: `"KEY"`, or with XPN `{"key": "KEY", "salt": "SALT"}`. */
interface Secret {
  key: Buffer
  salt?: Buffer
}

type Keyed = Pick<MacsecConfig, 'an' | 'key' | 'ssci'>

/** The secure associations of a configuration, with their keys. */
export interface Associations {
  transmit: SecureAssociation
  receive: { sci: string; association: SecureAssociation }[]
}

/** The secure associations that the configuration names; undefined without keyFile. @throws CniError that says what is wrong with the file, without its contents */
export function readAssociations(config: MacsecConfig): Associations | undefined {
  const { keyFile, peers = [] } = config
  if (!keyFile) return undefined
  const file = readKeys(keyFile)
  const associate = ({ an, ssci, key = config.key ?? '' }: Keyed): SecureAssociation => {
    const { key: bytes, salt } = secretOf(file, key, config)
    return { an, keyID: key, key: bytes, extended: salt && { ssci: ssci ?? 0, salt } }
  }
  return {
    transmit: associate(config),
    receive: peers.map((peer) => ({ sci: sciOfPeer(peer), association: associate(peer) })),
  }
}

function readKeys(path: string): Record<string, unknown> {
  const text = readText(path)
  try {
    const keys = JSON.parse(text)
    if (typeof keys === 'object' && keys !== null) return keys
  } catch {
    // The message of JSON.parse quotes the file: drop it.
  }
  throw wrong(
    `keyFile: ${path} must be a JSON object of keys by their names`,
    'write it as {"NAME": "00112233445566778899aabbccddeeff"}',
  )
}

function readText(path: string): string {
  try {
    return readSecret(path)
  } catch (error) {
    if (error instanceof Exposed)
      throw wrong(
        `keyFile: ${path} is refused: ${error.message}`,
        `chown root ${path} && chmod 600 ${path}; then change the keys`,
      )
    if (error instanceof KernelError)
      throw wrong(`keyFile: ${error.message}`, 'it must be a file of root, with mode 0600')
    throw error
  }
}

function secretOf(
  keys: Record<string, unknown>,
  name: string,
  { keyFile, cipherSuite }: MacsecConfig,
): Secret {
  const entry = Object.hasOwn(keys, name) ? keys[name] : undefined
  if (entry === undefined)
    throw wrong(`keyFile: ${keyFile} has no key ${JSON.stringify(name)}`, 'add it, or name another')
  const { key, salt } =
    typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : { key: entry }
  const length = keyLength(cipherSuite)
  const bytes = fromHex(key, length)
  if (!bytes)
    throw wrong(
      `keyFile: key ${name} in ${keyFile} must be ${2 * length} hexadecimal digits, for ${cipherSuite}`,
      `make one: openssl rand -hex ${length}`,
    )
  if (!isExtended(cipherSuite)) return { key: bytes }
  const saltBytes = fromHex(salt, 12)
  if (saltBytes) return { key: bytes, salt: saltBytes }
  throw wrong(
    `keyFile: key ${name} in ${keyFile} needs a salt of 24 hexadecimal digits, for ${cipherSuite}`,
    'write it as {"key": "KEY", "salt": "SALT"}; make a salt: openssl rand -hex 12',
  )
}

function fromHex(text: unknown, length: number): Buffer | undefined {
  const isHex = typeof text === 'string' && text.length === 2 * length && /^[0-9a-fA-F]*$/.test(text)
  return isHex ? Buffer.from(text, 'hex') : undefined
}

function wrong(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}
