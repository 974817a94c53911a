/** containerd 1.6. */
// roots: containerd-1.6

import { test } from '../harness/test.ts'
import { testContainerd } from './harness/containerd-tests.ts'
import { clientHost } from './harness/host.ts'
import { rootOf } from './harness/roots.ts'

await clientHost(rootOf('containerd-1.6'))
await testContainerd('containerd-1.6')

test.run()
