/** Each detector fires on a broken plugin, and its finding shrinks to the least input. */

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { isFullRun } from '../harness/full.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { buildBroken } from './broken/build.ts'
import type { Case } from './play/case.ts'
import { patience } from './play/outcome.ts'
import { newWorld } from './play/world.ts'
import { leastOf } from './search.ts'

// Built before the program starts again on a private host, which has no list of Debian packages.
process.env.BROKEN_PLUGINS ??= await buildBroken('tap', 'static')
await privateHost()

const executables = process.env.BROKEN_PLUGINS
const world = newWorld({ executables, patience })
/** For the plugin that hangs: each step of its shrinking takes so long. */
const hasty = newWorld({ executables, patience: 4 })

test.after(() => {
  world.end()
  hasty.end()
  rmSync(executables, { recursive: true })
})

const lean = { name: 'fuzz', mtu: 1400 }

/** A configuration with much that no finding needs. */
const rich = {
  ...lean,
  cniVersion: '1.0.0',
  type: 'tap',
  dns: { nameservers: ['10.1.0.1'], search: ['example.org'] },
  ipam: { type: 'static', addresses: [{ address: '10.1.0.2/24' }] },
}

const caseOf = (broken: string, config: object): Case => ({
  plugin: 'tap',
  verb: 'ADD',
  env: { CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=x' },
  config: { ...config, _broken: broken },
})

/** ADD without a version succeeds only with an address. */
const address = { ipam: { type: 'static', addresses: [{ address: '0.1.0.2/2' }] } }

/** The fault (broken/program.ts), the detector that finds it, what it says, and the least configuration besides a name. */
const rows: [string, string, RegExp, object?, object?][] = [
  ['crash', 'crash', /SIGSEGV/],
  ['status', 'crash', /exit status 3/],
  ['hang', 'hang', /no answer/, {}, lean],
  ['exception', 'exception', /cannot read property 'ips' of undefined/],
  ['text', 'answer', /done: /, address],
  ['outside', 'outside', /^\/srv\/broken$/],
  ['leaves', 'left behind', /[+] container: link eth0 /, address],
  ['del', 'DEL fails', /refused/, address],
]

/** How a finding shrinks hardly depends on its kind, and takes ten times as long as to find it: all of them do in a full run. */
const shrinks = (broken: string) => isFullRun() || ['crash', 'hang', 'leaves'].includes(broken)

for (const [broken, kind, text, needed = {}, config = rich] of rows)
  test(`${kind}: ${broken} is found${shrinks(broken) ? ', and shrinks' : ''}`, async () => {
    const input = caseOf(broken, config)
    const place = kind === 'hang' ? hasty : world
    const found = (await place.play(input)).find((finding) => finding.kind === kind)
    assert.ok(found, `nothing of the kind ${kind}`)
    assert.match(found.text, text)
    if (!shrinks(broken)) return
    const least = await leastOf({ ...found, input }, place, Number.POSITIVE_INFINITY)
    assert.equal(least.input, {
      plugin: 'tap',
      verb: 'ADD',
      config: { name: 'z', ...needed, _broken: broken },
    })
  })

test('a plugin without a fault has no findings', async () => {
  assert.equal(await world.play(caseOf('nothing', rich)), [])
})

/** A container of podman. An option with a leading underscore is another program's, and reaches the plugin. */
const setupOf = (broken: string): Case => ({
  plugin: 'tap',
  verb: 'setup',
  config: {
    container_id: 'fuzzed',
    network: { name: 'fuzz', id: '1', driver: 'tap', internal: false, options: { _broken: broken } },
    network_options: { interface_name: 'eth0' },
  },
})

/** The faults that are others in a call of netavark. */
const driverRows: [string, string, RegExp][] = [
  ['crash', 'crash', /SIGSEGV/],
  ['exception', 'exception', /cannot read property 'ips' of undefined/],
  ['text', 'answer', /setup: "done: /],
  ['outside', 'outside', /^\/srv\/broken$/],
  ['leaves', 'left behind', /[+] container: link eth0 /],
  ['del', 'DEL fails', /refused/],
]

for (const [broken, kind, text] of driverRows)
  test(`${kind}: ${broken} is found in a driver of netavark`, async () => {
    const found = (await world.play(setupOf(broken))).find((finding) => finding.kind === kind)
    assert.ok(found, `nothing of the kind ${kind}`)
    assert.match(found.text, text)
  })

test('a driver without a fault has no findings', async () => {
  assert.equal(await world.play(setupOf('nothing')), [])
})

test.run()
