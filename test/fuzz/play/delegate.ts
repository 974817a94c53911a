/** The delegate `fuzz-ipam`: an executable that answers what a case says. */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { scratch } from '../../harness/host.ts'

/** Its directory, an entry of CNI_PATH. */
export const delegates = `${scratch}/delegates`

const usual = {
  stdout: JSON.stringify({ cniVersion: '1.0.0', ips: [{ address: '10.62.0.9/24', gateway: '10.62.0.1' }] }),
  status: 0,
}

/** Makes the executable. It reads no input, and answers ADD only. */
export function installDelegate(): void {
  mkdirSync(delegates, { recursive: true })
  const script = `#!/bin/sh\ncd ${delegates}\ntest "$CNI_COMMAND" = ADD || exit 0\ncat answer\nexit "$(cat status)"\n`
  writeFileSync(`${delegates}/fuzz-ipam`, script)
  chmodSync(`${delegates}/fuzz-ipam`, 0o755)
  answerWith()
}

/** What it answers from now on; by default a valid result. */
export function answerWith({ stdout, status } = usual): void {
  writeFileSync(`${delegates}/answer`, stdout)
  writeFileSync(`${delegates}/status`, String(status))
}
