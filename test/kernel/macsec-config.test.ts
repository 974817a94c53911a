/** macsec: refusals, keys that are never printed, STATUS. */
// needs: link macsec

import { symlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { command, ip } from '../harness/command.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { keys, layCable, macsecNetwork, secrets, writeKeys } from '../harness/macsec.ts'
import { single } from '../harness/networks.ts'
import { type Answer, type Call, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
writeKeys()
layCable()
ip('link add down0 type veth peer name down1')
ip('link add switch0 type bridge')
ip('link add port0 up master switch0 type veth peer name port1')

const config = (own: object = {}) => ({ ...single(macsecNetwork(0), { cniVersion: '1.1.0' }), ...own })

/** Neither the answer nor the log may contain a key. */
function assertSilent({ json, stderr }: Answer): void {
  const said = JSON.stringify(json) + stderr
  for (const key of [...Object.values(keys), '0a0a0a0a', '77777777'])
    assert.not.ok(said.toLowerCase().includes(key), said)
}

async function refused(own: object, more: Partial<Call> = {}): Promise<Answer> {
  const container = newContainer()
  const answer = await call({ verb: 'ADD', config: config(own), netns: container.path, ...more })
  assert.is(answer.json?.code, 7, JSON.stringify(answer.json))
  assertSilent(answer)
  assert.not.ok(exists('eth0', container))
  removeContainer(container)
  return answer
}

const said = ({ json }: Answer) => `${json?.msg}; ${json?.details}`

const peer = { sci: '02000000000b0001' }

for (const [own, msg] of [
  [{ cipherSuite: 'AES' }, 'cipherSuite is "AES", must be "GCM-AES-128", "GCM-AES-256"'],
  [{ validate: 'no' }, 'validate is "no", must be "strict", "check" or "disabled"'],
  [{ sci: '12' }, 'sci is "12", must be 16 hexadecimal digits'],
  [{ sci: '0000000000000001', port: 2 }, 'port and sci cannot be set together'],
  [{ endStation: true, scb: true }, 'endStation and scb cannot be set together'],
  [{ endStation: true, sendSci: true }, 'sendSci and endStation cannot be set together'],
  [{ sendSci: false, port: 2 }, 'port is set but frames do not carry the identifier'],
  [{ scb: true, sci: '0000000000000001' }, 'sci is set but frames do not carry the identifier'],
  [{ window: 5 }, 'window is set but replayProtect is not'],
  [
    {
      cipherSuite: 'GCM-AES-XPN-128',
      ...{ ssci: 1, peers: [{ ...peer, ssci: 2 }] },
      replayProtect: true,
      window: 2 ** 30,
    },
    'window: must be at most 1073741823 with GCM-AES-XPN-128, found 1073741824',
  ],
  [{ keyFile: undefined }, 'key is set but keyFile is not'],
  [{ key: undefined }, 'keyFile is set but key is not'],
  [{ peers: undefined }, 'key is set but peers is not'],
  [{ peers: [{ key: 'b' }] }, 'peers[0] must have either sci, or mac with optional port'],
  [{ peers: [{ ...peer, mac: '02:00:00:00:00:0b' }] }, 'peers[0] must have either sci'],
  [{ peers: [peer, { mac: '02:00:00:00:00:0b' }] }, 'peers has 02000000000b0001 twice'],
  [{ peers: [{ ...peer, an: 4 }] }, 'peers[0].an is 4, must be a whole number from 0 to 3'],
  [{ ssci: 1 }, 'ssci is set but cipherSuite is GCM-AES-128'],
  [{ cipherSuite: 'GCM-AES-XPN-128' }, 'the network and each of its peers need an ssci'],
  [{ cipherSuite: 'GCM-AES-XPN-128', ssci: 1, peers: [{ ...peer, ssci: 1 }] }, 'an ssci each, all different'],
  [{ mtu: 60 }, 'mtu: must be 0 or from 68'],
  [{ mtu: 1469 }, 'mtu: 1469 is too large for nic0: at most 1468'],
  [{ keyfile: secrets, keyFile: undefined, key: undefined, peers: undefined, keys: 'a' }, 'unknown key keys'],
  [{ offload: 'mac' }, 'offload: nic0 has no MACsec in its mac'],
  [{ master: 'nic9' }, 'master: the host has no interface "nic9"'],
  [{ master: 'lo' }, 'macsec cannot sit on lo: it is no Ethernet device'],
  [{ master: 'down0' }, 'the parent down0 is down'],
  [{ master: 'port0' }, 'macsec cannot sit on port0: it is a port of bridge switch0'],
] as const)
  test(`refused: ${msg}`, async () => {
    const answer = said(await refused(own))
    assert.ok(answer.replaceAll('’', "'").includes(msg.replaceAll('’', "'")), answer)
  })

const path = '/run/secrets/other.json'

for (const [content, mode, msg] of [
  [keys, 0o644, `keyFile: ${path} is refused: others have access to it (mode 0644)`],
  [keys, 0o640, `keyFile: ${path} is refused: others have access to it (mode 0640)`],
  ['{"a": "0a0a0a0a1b1b', 0o600, `keyFile: ${path} must be a JSON object of keys by their names`],
  ['"0a0a0a0a"', 0o600, `keyFile: ${path} must be a JSON object`],
  [{ b: keys.b }, 0o600, `keyFile: ${path} has no key "a"`],
  [
    { ...keys, a: '0a0a0a0a' },
    0o600,
    `keyFile: key a in ${path} must be 32 hexadecimal digits, for GCM-AES-128`,
  ],
  [{ ...keys, a: 'zz'.repeat(16) }, 0o600, 'must be 32 hexadecimal digits'],
  [{ ...keys, a: 77777777 }, 0o600, 'must be 32 hexadecimal digits'],
] as const)
  test(`refused without printing a key: ${msg}`, async () => {
    command('rm', '-f', path)
    writeKeys(content, mode, path)
    const answer = await refused({ keyFile: path })
    assert.ok(said(answer).includes(msg), said(answer))
    const status = await call({ verb: 'STATUS', config: config({ keyFile: path }) })
    assert.is(status.json?.code, 50)
    assertSilent(status)
  })

test('refused: a key file that is missing, a directory, or not root’s; of a symlink the target is checked', async () => {
  command('rm', '-f', path)
  assert.match(said(await refused({ keyFile: path })), /ENOENT/)
  assert.match(said(await refused({ keyFile: '/run/secrets' })), 'it must be a file of root, with mode 0600')
  writeKeys(keys, 0o600, path)
  command('chown', '65534', path)
  assert.match(said(await refused({ keyFile: path })), 'it belongs to user 65534, not to root')
  symlinkSync(path, '/run/secrets/link.json')
  assert.match(said(await refused({ keyFile: '/run/secrets/link.json' })), 'it belongs to user 65534')
})

for (const engine of ['quickjs', 'node'] as const)
  test(`refused at once on the ${engine} engine: a key file that is a FIFO, in ADD, CHECK and STATUS`, async () => {
    command('rm', '-f', path)
    writeKeys(keys, 0o600, path)
    const attachment = { netns: newContainer().path, engine }
    const { json: prevResult } = await call({ verb: 'ADD', config: config({ keyFile: path }), ...attachment })
    command('rm', '-f', path)
    command('mkfifo', '-m', '600', path)
    const check = await call({ verb: 'CHECK', config: config({ keyFile: path, prevResult }), ...attachment })
    assert.match(String(check.json?.msg), 'keyFile: ')
    assert.is((await call({ verb: 'DEL', config: config({ keyFile: path }), ...attachment })).status, 0)
    assert.match(said(await refused({ keyFile: path }, { engine })), 'keyFile: ')
    const status = await call({ verb: 'STATUS', config: config({ keyFile: path }), engine })
    assert.is(status.json?.code, 50)
    command('rm', path)
  })

test('refused: XPN with a key that has no salt', async () => {
  const own = { cipherSuite: 'GCM-AES-XPN-128', ssci: 1, peers: [{ ...peer, ssci: 2, key: 'b' }] }
  assert.match(said(await refused(own)), 'needs a salt of 24 hexadecimal digits')
})

test('refused: an identifier that another container of the parent has, which is named', async () => {
  const first: Call = {
    verb: 'ADD',
    config: config(),
    netns: newContainer('first').path,
    containerID: 'first',
  }
  const added = await call(first)
  assert.is(added.status, 0)
  assertSilent(added)
  const answer = await refused({ ipam: undefined }, { containerID: 'second' })
  assert.match(said(answer), 'the identifier 02000000000a0001 is taken by eth0 in namespace first')
  await call({ ...first, verb: 'DEL' })
})

test('refused: a peer that another container of the parent has', async () => {
  const first: Call = { verb: 'ADD', config: config(), netns: newContainer().path, containerID: 'first' }
  assert.is((await call(first)).status, 0)
  const answer = await refused({ port: 2, ipam: undefined }, { containerID: 'second' })
  assert.match(said(answer), 'peers: another container on this parent has the same peer')
  await call({ ...first, verb: 'DEL' })
})

test('without keyFile the interface has no keys, and another program may set them', async () => {
  const container = newContainer('bare')
  const own = { keyFile: undefined, key: undefined, peers: undefined }
  assert.is((await call({ verb: 'ADD', config: config(own), netns: container.path })).status, 0)
  ip('-n bare macsec add eth0 tx sa 0 pn 1 on key 01 81818181818181818181818181818181')
  assert.is((await call({ verb: 'DEL', config: config(own), netns: container.path })).status, 0)
})

test('sendSci is off with endStation or scb', async () => {
  for (const key of ['endStation', 'scb']) {
    const container = newContainer()
    const request: Call = { verb: 'ADD', config: config({ [key]: true }), netns: container.path }
    assert.is((await call(request)).status, 0)
    assert.match(ip(`-n ${container.name} -d link show eth0`), 'send_sci off')
    await call({ ...request, verb: 'DEL' })
  }
})

test('STATUS succeeds if ADD would work, and fails without the parent', async () => {
  assert.is((await call({ verb: 'STATUS', config: config() })).status, 0)
  assert.is((await call({ verb: 'STATUS', config: config({ master: 'nic9' }) })).json?.code, 50)
})

test.run()
