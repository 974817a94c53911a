/**
 * Runs pkg on a bundle: `node pkg.ts WORK ARCHITECTURE`. A process of its own, since pkg changes directory and
 * takes its Node from below HOME, its temporary directory from TMPDIR.
 */

import { join } from 'node:path'
import pkg from '@yao-pkg/pkg/lib-es5/sea.js'
import { type Architecture, host } from './target.ts'

const [work, architecture] = process.argv.slice(2) as [string, Architecture]

await pkg.default(join(work, 'patchbay.cjs'), {
  targets: [
    {
      nodeRange: `node${process.versions.node}`,
      platform: 'linux',
      arch: architecture,
      output: join(work, 'patchbay'),
    },
  ],
  seaConfig: {
    main: '../patchbay.cjs',
    useSnapshot: architecture === host,
    useCodeCache: false,
    disableExperimentalSEAWarning: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    execArgvExtension: 'none',
  },
})
