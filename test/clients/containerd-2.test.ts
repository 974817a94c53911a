/** containerd 2. */
// roots: containerd-2

import { test } from '../harness/test.ts'
import { testContainerd } from './harness/containerd-tests.ts'
import { clientHost } from './harness/host.ts'
import { rootOf } from './harness/roots.ts'

await clientHost(rootOf('containerd-2'))
await testContainerd('containerd-2')

test.run()
