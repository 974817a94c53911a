/**
 * Runs pkg on a bundle: `node pkg.ts WORK ARCHITECTURE`. A process of its own, since pkg changes directory, takes
 * Node from below HOME and makes its temporary directory below TMPDIR: WORK, all three.
 */

import childProcess from 'node:child_process'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { type Architecture, host } from './target.ts'

const [work, architecture] = process.argv.slice(2) as [string, Architecture]

/** What no pkg option says: fixed seeds, no random name, so that two builds of a commit are identical. */
const { execFile } = childProcess
const seeds = ['--random-seed=1', '--hash-seed=1']
const generate = (node: string, [option = '', config = '']: string[], done: () => void) =>
  execFile(node, [...seeds, option, basename(config)], done)
childProcess.execFile = generate as typeof execFile

const script = join(work, 'patchbay.cjs')
const target = { nodeRange: `node${process.versions.node}`, platform: 'linux' as const, arch: architecture }
const seaConfig = {
  /** The bundle, by a path that is the same in every build: the blob is made in a directory below WORK. */
  main: '/proc/self/cwd/../patchbay.cjs',
  useSnapshot: architecture === host,
  useCodeCache: false,
  disableExperimentalSEAWarning: true,
  execArgv: ['--disable-warning=ExperimentalWarning'],
  execArgvExtension: 'none',
}

const require = createRequire(import.meta.url)
const pkg: typeof import('@yao-pkg/pkg/lib-es5/sea.js') = require('@yao-pkg/pkg/lib-es5/sea.js')
await pkg.default(script, { targets: [{ ...target, output: join(work, 'patchbay') }], seaConfig })
