/** The list of allowed sysctls, which an operator writes. It is read as the reference reads it: regular expressions, one a line. */

import { CniError, Code } from '../../shared/error/error.ts'
import { readFileIfAny } from '../../shared/kernel/files.ts'

/** The reference's. Without the file all network sysctls are allowed. */
const allowList = '/etc/cni/tuning/allowlist.conf'

/**
 * Refuses keys that no line matches, anywhere in the key as it is written.
 * @throws CniError in the reference's words; KernelError when the file cannot be read
 */
export async function requireAllowed(keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  const text = readFileIfAny(allowList)
  if (text === undefined) return
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const { matches } = await import('./regexp/match.ts')
  for (const key of keys) if (!lines.some((line) => matches(line, key))) throw notAllowed(key, lines)
}

function notAllowed(key: string, lines: readonly string[]): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `Sysctl ${key} is not allowed. Only the following sysctls are allowed: [${lines.join(' ')}]`,
    hint: 'have the operator of the node add it to the list, or remove it from sysctl',
    path: allowList,
    see: `cat ${allowList}`,
  })
}
