/** The names in a call, validated before they are used in a path or a command (spec section "Parameters"). */

import { CniError, Code } from '../error/error.ts'

const identifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/** Whether a text may be a network's name or a container's ID. */
export function isIdentifier(text: string): boolean {
  return identifier.test(text)
}

/** @throws CniError of code 4 */
export function validateContainerID(containerID: string): void {
  if (isIdentifier(containerID)) return
  throw new CniError(Code.InvalidEnvironment, {
    msg: 'invalid characters in containerID',
    details: containerID,
    hint: 'CNI_CONTAINERID must begin with a letter or digit; letters, digits, "_", "." and "-" may follow',
  })
}

/** @throws CniError of code 4 */
export function validateIfname(ifname: string): void {
  const fault = ifnameFault(ifname)
  if (!fault) return
  throw new CniError(Code.InvalidEnvironment, { ...fault, hint: `CNI_IFNAME is ${JSON.stringify(ifname)}` })
}

/** Why a text is not a valid interface name (the kernel's dev_valid_name), or undefined when it is one. */
export function ifnameFault(ifname: string): { msg: string; details?: string } | undefined {
  if (ifname === '') return { msg: 'interface name is empty' }
  if (Buffer.byteLength(ifname) > 15) {
    return { msg: 'interface name is too long', details: 'interface name should be less than 16 characters' }
  }
  if (ifname === '.' || ifname === '..') return { msg: 'interface name is . or ..' }
  if (/[/:\s\p{Cc}]/u.test(ifname)) {
    return { msg: 'interface name contains / or : or whitespace characters' }
  }
  return undefined
}

/** Whether a text may name an existing link. An alternative name has up to 127 bytes (ALTIFNAMSIZ), and may contain a colon. */
export function isLinkName(name: string): boolean {
  return Buffer.byteLength(name) <= 127 && !/^(|\.\.?)$/.test(name) && !/[/\s\p{Cc}]/u.test(name)
}

/** The network's name in a configuration. @throws CniError of code 7 */
export function networkName(raw: Record<string, unknown>): string {
  const { name } = raw
  if (name === undefined) {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: 'missing network name',
      hint: 'add the key "name" to the configuration: the name of the network',
    })
  }
  if (typeof name !== 'string') {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `name is ${JSON.stringify(name).slice(0, 60)}, must be a string`,
      hint: 'write "name": "mynet"',
    })
  }
  if (isIdentifier(name)) return name
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: 'invalid characters found in network name',
    details: name,
    hint: 'it must begin with a letter or digit; letters, digits, "_", "." and "-" may follow',
  })
}
