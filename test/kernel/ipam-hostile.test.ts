/** IPAM plugins that call themselves, hang, write without end or answer nonsense: each verb ends, and does the rest of its work. */

import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { type Answer, type Call, call, type Engine, executables } from '../harness/plugin.ts'
import { preloaded } from '../harness/preload.ts'
import { test } from '../harness/test.ts'

await privateHost()

const bin = `${scratch}/bin`
mkdirSync(bin)

/** A plugin that gives an address, but in the verb that TROUBLE names does something else. */
function install(name: string, trouble: string): void {
  const answer = `echo '{"cniVersion":"1.1.0","ips":[{"address":"192.0.2.9/24"}]}'`
  const script = `#!/bin/sh\nif [ "$CNI_COMMAND" = "$TROUBLE" ]; then\n${trouble}\nfi\n[ $CNI_COMMAND = ADD ] && ${answer}\nexit 0\n`
  writeFileSync(`${bin}/${name}`, script, { mode: 0o755 })
}

const configOf = (ipam?: object) => ({
  cniVersion: '1.1.0',
  name: 'net',
  type: 'bridge',
  ...(ipam && { ipam }),
})

/** Calls bridge with an IPAM section. */
function bridge(
  engine: Engine,
  verb: Call['verb'],
  netns: string,
  ipam?: object,
  more: object = {},
  env = {},
) {
  const variables = { CNI_PATH: `${bin}:${executables(engine)}`, ...env }
  return call({ verb, engine, netns, config: { ...configOf(ipam), ...more }, env: variables })
}

/** What the plugin said: code and message. */
const said = ({ json }: Answer) => [json?.code, json?.msg] as const

for (const engine of ['quickjs', 'node'] as const) {
  const own = executables(engine)

  test(`no plugin of ours is its own IPAM plugin, under no name and in no list: ${engine}`, async () => {
    symlinkSync(`${own}/patchbay`, `${bin}/alias-${engine}`)
    copyFileSync(`${own}/patchbay`, `${bin}/macvlan`)
    const container = newContainer()
    for (const type of ['bridge', 'dummy', `alias-${engine}`, 'macvlan']) {
      const message = `ipam.type is "${type}", which is Patchbay's own executable but none of its IPAM plugins`
      const ipam = type === 'dummy' ? { type: 'ipam-list', list: [{ type }] } : { type }
      assert.equal(said(await bridge(engine, 'ADD', container.path, ipam)), [7, message])
      assert.equal(said(await bridge(engine, 'STATUS', '', ipam)), [50, message])
      assert.is((await bridge(engine, 'GC', '', ipam)).status, 0)
      const prevResult = (await bridge(engine, 'ADD', container.path)).json
      const checked = await bridge(engine, 'CHECK', container.path, ipam, { prevResult })
      assert.equal(said(checked), [7, message])
      const removed = await bridge(engine, 'DEL', container.path, ipam)
      assert.equal([removed.status, exists('eth0', container)], [0, false])
      assert.match(removed.stderr, `${message}; going on without it`)
    }
  })

  test(`a foreign program that calls the plugin that called it ends, too: ${engine}`, async () => {
    writeFileSync(`${bin}/circle`, `#!/bin/sh\nexec ${own}/bridge\n`, { mode: 0o755 })
    const netns = newContainer().path
    for (const [verb, code] of [
      ['STATUS', 50],
      ['GC', 7],
      ['DEL', 7],
    ] as const) {
      const message = 'ipam.type: 4 IPAM plugins call one another, and this call would be one more'
      assert.equal(said(await bridge(engine, verb, netns, { type: 'circle' })), [code, message])
    }
  })

  test(`an error of another form becomes one of CNI: ${engine}`, async () => {
    install('strange', 'echo "$ANSWER"; exit 1')
    const { path } = newContainer()
    const answers: [unknown, number, string][] = [
      ['{"code":1e99,"msg":"no luck"}', 999, 'no luck'],
      ['{"code":-1,"msg":{"why":"no luck"}}', 999, 'the delegate failed: {"why":"no luck"}'],
      ['{"msg":"no luck"}', 999, 'no luck'],
      ['{"code":42}', 42, 'the delegate failed: code 42, no message'],
    ]
    for (const [ANSWER, code, message] of answers) {
      const env = { TROUBLE: 'ADD', ANSWER: String(ANSWER) }
      const answer = await bridge(engine, 'ADD', path, { type: 'strange' }, {}, env)
      assert.equal(said(answer), [code, message])
    }
  })

  test(`100 MB of output are cut off, and DEL does the rest of its work: ${engine}`, async () => {
    install('loud', 'head -c 100000000 /dev/zero')
    const container = newContainer()
    const loud = (verb: 'ADD' | 'DEL', TROUBLE: string) =>
      bridge(engine, verb, container.path, { type: 'loud' }, {}, { TROUBLE })
    const how = `${bin}/loud wrote more than 8 MiB and was killed`
    assert.equal(said(await loud('ADD', 'ADD')), [999, `ADD of ${how}`])
    assert.is((await loud('ADD', '')).status, 0)
    assert.equal(said(await loud('DEL', 'DEL')), [999, `DEL of ${how}`])
    assert.not.ok(exists('eth0', container))
  })
}

const hastened = { test: {}, node: preloaded() }

for (const engine of ['test', 'node'] as const)
  test(`a plugin that hangs is killed in every verb, and the rest of the verb is done: ${engine}`, async () => {
    install('idle', 'exec sleep 1000')
    const container = newContainer()
    const idle = (verb: Call['verb'], TROUBLE = verb as string, more = {}) => {
      const env = { ...hastened[engine], TROUBLE, PATCHBAY_HASTE: '100' }
      return bridge(engine, verb, container.path, { type: 'idle' }, more, env)
    }
    const how = `${bin}/idle did not end within 90 s and was killed`
    assert.equal(said(await idle('ADD')), [999, `ADD of ${how}`])
    assert.not.ok(exists('eth0', container))
    const { status, json: prevResult } = await bridge(
      engine,
      'ADD',
      container.path,
      { type: 'idle' },
      {},
      { TROUBLE: '' },
    )
    assert.is(status, 0, JSON.stringify(prevResult))
    assert.equal(said(await idle('CHECK', 'CHECK', { prevResult })), [999, `CHECK of ${how}`])
    assert.equal(said(await idle('STATUS')), [999, `STATUS of ${how}`])
    assert.equal(said(await idle('GC')), [999, `GC of ${how}`])
    assert.equal(said(await idle('DEL')), [999, `DEL of ${how}`])
    assert.not.ok(exists('eth0', container))
  })

test.run()
