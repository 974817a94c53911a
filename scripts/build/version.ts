/** The version of the executables: the package's and the git commit, as `0.1.0+ab12cd34ef56`. */

import { execa } from 'execa'
import packageJson from '../../package.json' with { type: 'json' }

/** The git commit, with `-dirty` when the tree differs from it; `unknown` outside git. */
async function commit(): Promise<string> {
  const cwd = import.meta.dirname
  const head = await execa('git', ['rev-parse', '--short=12', 'HEAD'], { cwd, reject: false })
  if (head.failed) return 'unknown'
  const { stdout: changes } = await execa('git', ['status', '--porcelain', '--untracked-files=no'], { cwd })
  return changes === '' ? head.stdout : `${head.stdout}-dirty`
}

export async function buildVersion(): Promise<string> {
  return `${packageJson.version}+${await commit()}`
}
