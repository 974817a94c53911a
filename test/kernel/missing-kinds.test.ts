/** STATUS fails on a kernel without the plugin's kind of link; STATUS and ADD both name the module. */

import * as assert from 'uvu/assert'
import { plugins } from '../../plugins/registry.ts'
import type { ConfigSchema } from '../../shared/config/config.ts'
import { silent } from '../../shared/error/log.ts'
import { kindFacts } from '../../shared/netlink/kinds.ts'
import { features } from '../guest/features.ts'
import { ip, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { type Answer, type Configuration, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

ip('link add parent0 up type veth peer name other0')

/** The plugins that make a kind of link with the plugin's name, and need no key except the parent. */
const configurations: Configuration[] = []
for (const [type, load] of Object.entries(plugins)) {
  const own = { type, ...(kindFacts(type).needsParent && { master: 'parent0' }) }
  if (features().includes(`link ${type}`) && isWhole((await load()).config, own)) configurations.push(own)
}

function isWhole(schema: ConfigSchema<unknown>, config: Configuration): boolean {
  try {
    schema.parse({ ...config, name: 'net', cniVersion: '1.1.0' }, silent)
    return true
  } catch {
    return false
  }
}

/** Whether the kernel has a kind; the kernel may load its module for this. */
function has({ type, master }: Configuration): boolean {
  const link = master ? ['link', String(master)] : []
  const made = succeeds('ip', 'link', 'add', ...link, 'name', 'probe', 'type', type)
  if (made) ip('link delete probe')
  return made
}

function assertNamed({ json }: Answer, kind: string): void {
  assert.equal([json?.code, json?.msg], [50, `this kernel has no ${kind} devices: load its module`])
  assert.match(String(json?.details), `modprobe rtnl-link-${kind}`)
}

for (const own of configurations)
  test(`${own.type}: STATUS and ADD succeed only if the kernel has the kind`, async () => {
    const config = { ...own, name: 'net', cniVersion: '1.1.0' }
    const present = has(own)
    const before = snapshot()
    const status = await call({ verb: 'STATUS', config })
    const netns = newContainer().path
    const add = await call({ verb: 'ADD', config, netns })
    await call({ verb: 'DEL', config, netns })
    if (present) assert.equal([status.status, add.status], [0, 0])
    else for (const answer of [status, add]) assertNamed(answer, own.type)
    unchanged(before)
  })

test.run()
