/** STATUS knows whether the kernel has the kind of link that a plugin makes; where it has none, both STATUS and ADD name the module. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { type Answer, type Configuration, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'

await privateHost()

const configurations: Configuration[] = [{ type: 'dummy' }, { type: 'vcan' }, { type: 'vxcan' }]

/** Whether the kernel has a kind; it may load its module by this. */
function has(kind: string): boolean {
  return succeeds('unshare', '--net', 'ip', 'link', 'add', 'probe', 'type', kind)
}

function assertNamed({ json }: Answer, kind: string): void {
  assert.equal([json?.code, json?.msg], [50, `this kernel has no ${kind} devices`])
  assert.match(String(json?.details), `modprobe rtnl-link-${kind}`)
}

for (const own of configurations)
  test(`${own.type}: STATUS and ADD agree with the kernel on whether there is such a kind`, async () => {
    const config = { ...own, name: 'net', cniVersion: '1.1.0' }
    const present = has(own.type)
    const before = snapshot()
    const status = await call({ verb: 'STATUS', config })
    const add = await call({ verb: 'ADD', config, netns: newContainer().path })
    if (present) assert.equal([status.status, add.status], [0, 0])
    else for (const answer of [status, add]) assertNamed(answer, own.type)
    unchanged(before)
  })

test.run()
