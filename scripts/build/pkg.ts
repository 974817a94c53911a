/**
 * Runs pkg on a bundle: `node pkg.ts WORK ARCHITECTURE`. A separate process, since pkg changes its directory, reads Node
 * from HOME and writes temporary files to TMPDIR: all three are WORK.
 */

import childProcess from 'node:child_process'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { libraryAsset } from './node-library.ts'
import { type Architecture, host } from './target.ts'

const [work, architecture] = process.argv.slice(2) as [string, Architecture]

/**
 * V8's flags, of the process that takes the snapshot and of those that start from it: with others V8 refuses the compiled code of
 * Node's modules. Tables are used as they were stored, with the seed of the build; a call is over before more than the baseline compiler pays.
 */
const flags = ['--hash-seed=1', '--no-rehash-snapshot', '--max-opt=1']

/**
 * pkg has no options for this: fixed seeds and no random name, so that two builds of a commit are identical. So is what V8 leaves behind the end
 * of strings only where no other thread collects garbage.
 */
const { execFile } = childProcess
const generate = (node: string, [option = '', config = '']: string[], done: () => void) =>
  execFile(node, ['--random-seed=1', '--single-threaded-gc', ...flags, option, basename(config)], done)
childProcess.execFile = generate as typeof execFile

const useSnapshot = architecture === host
const script = join(work, 'patchbay.cjs')
const target = { nodeRange: `node${process.versions.node}`, platform: 'linux' as const, arch: architecture }
const seaConfig = {
  /** The bundle, by a path that is the same in every build. Node makes the blob in a directory below WORK. */
  main: '/proc/self/cwd/../patchbay.cjs',
  useSnapshot,
  assets: { [libraryAsset]: join(work, libraryAsset) },
  useCodeCache: false,
  disableExperimentalSEAWarning: true,
  execArgv: ['--disable-warning=ExperimentalWarning', ...(useSnapshot ? flags : [])],
  execArgvExtension: 'none',
}

const require = createRequire(import.meta.url)
const pkg: typeof import('@yao-pkg/pkg/lib-es5/sea.js') = require('@yao-pkg/pkg/lib-es5/sea.js')
await pkg.default(script, { targets: [{ ...target, output: join(work, 'patchbay') }], seaConfig })
