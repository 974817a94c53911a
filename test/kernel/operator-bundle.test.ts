/** `patchbay bundle`: one archive with what a bug report needs, and without secrets. */

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import type * as z from 'zod'
import type { answer } from '../../cli/answers/bundle.ts'
import { isSecret, masked } from '../../cli/bundle/mask.ts'
import { safePath } from '../../cli/bundle/tar.ts'
import { attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { cpuSeconds } from '../harness/cpu.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { answerOf, newDirectory, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

type Bundle = z.infer<typeof answer>

const [lists, podmanLists, cache] = ['/etc/cni/net.d', '/etc/containers/networks', '/var/lib/cni/results']
ownEtc(lists, podmanLists)

const net = bridgeNetwork({ isGateway: true })
await attach(net)
/** The entry of the cache: its name has the container's ID. */
const [entryName = ''] = readdirSync(cache)
const patchbay = `${executables()}/patchbay`

/** No text of a host has these. */
const secret = 'c0ffee5ec7e7'
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

/** Writes secrets wherever a host has them, and what could harm the archive or its reader. */
function fill(): void {
  const macsec = { type: 'macsec', cak: secret, ckn: secret, deep: { 'pre-shared-key': { hex: [secret] } } }
  const list = {
    cniVersion: '1.0.0',
    name: 'm',
    plugins: [macsec, { type: 'whereabouts', ipam: { etcd_password: secret } }],
  }
  writeFileSync(`${lists}/10-m.conflist`, JSON.stringify(list))
  writeFileSync(
    `${lists}/20-broken.conflist`,
    `{"name": "b",\n "psk": {\n  "hex": "${secret}"\n },\n "x": "${secret}", }`,
  )
  writeFileSync(
    `${lists}/30-one-line.conf`,
    `{"type": "bridge", "mtu": "x", "token": "a\\"b${secret}", "more": "${secret}"`,
  )
  mkdirSync(`${lists}/multus.d`)
  writeFileSync(`${lists}/multus.d/multus.kubeconfig`, `users:\n- user:\n    data: ${secret}\n`)
  const options = { ipam: JSON.stringify({ type: 'x', password: secret }), psk: secret }
  writeFileSync(
    `${podmanLists}/p.json`,
    JSON.stringify({ name: 'p', id: '1', driver: 'vlan', internal: false, options }),
  )
  const entry = {
    ...{ kind: 'cniCacheV1', containerId: 'c', ifName: 'eth0', networkName: 'm', config: base64(list) },
    cniArgs: [
      ['K8S_POD_NAME', 'web'],
      ['API_TOKEN', secret],
    ],
    capabilityArgs: { 'io.kubernetes.cri.pod-annotations': { any: secret } },
  }
  writeFileSync(`${cache}/m-c-eth0`, JSON.stringify(entry))
  writeFileSync(`${cache}/no-entry`, `config=${base64(list)}`)
  writeFileSync('/run/secret', secret)
  symlinkSync('/run/secret', `${lists}/40-link.conf`)
  command('mkfifo', `${lists}/50-fifo.conf`)
  writeFileSync(`${lists}/60-large.conf`, `{"x": "${'x'.repeat(3_000_000)}"}`)
  writeFileSync(`${lists}/\u001b[2J\u202e\n${'n'.repeat(200)}.conf`, '{}')
  writeFileSync(`${lists}/${'ä'.repeat(100)}`, '')
  mkdirSync('/run/patchbay/one/two/three/four/five/six/seven/eight/nine', { recursive: true })
  mkdirSync('/run/patchbay/firewall/ipMasq', { recursive: true })
  symlinkSync('of-an-attachment', '/run/patchbay/firewall/ipMasq/record')
  mkdirSync('/var/log/patchbay', { recursive: true })
  writeFileSync('/var/log/patchbay/calls.jsonl', `{"msg":"one","password":"${secret}"}\npsk=${secret}\n`)
}

fill()

function contentOf(tar: string, name: string): string {
  const { stdout } = spawnSync('tar', ['xOf', tar, '--wildcards', `*/${name}`], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return stdout
}

const directory = newDirectory()

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: the archive has all parts below one directory, no secret, and says what was left out`, async () => {
    const tar = `${directory}/${engine}.tar`
    const { file, files, leftOut, bytes } = await answerOf<Bundle>(
      `${executables(engine)}/patchbay`,
      'bundle',
      tar,
    )
    assert.is(file, tar)
    assert.is(statSync(tar).mode & 0o777, 0o600)
    assert.is(statSync(tar).size, bytes)
    const names = command('tar', 'tf', tar).trim().split('\n')
    assert.is(names.length, files.length + 1)
    for (const name of names) assert.match(name, /^patchbay-bundle-[\w.-]+-\d{8}T\d{6}Z\/[\w.@+=,~/-]+$/)
    const all = readFileSync(tar)
    // In base64 a text has one of three forms, by what is before it.
    const encoded = ['', 'x', 'xx'].map((text) =>
      Buffer.from(text + secret)
        .toString('base64')
        .slice(4, 12),
    )
    for (const form of [secret, ...encoded]) assert.is(all.includes(form), false, form)
    const has = (pattern: RegExp) =>
      assert.ok(
        names.some((name) => pattern.test(name)),
        `${pattern}: ${names}`,
      )
    for (const part of [
      'versions.json',
      'plugins.json',
      'etc/os-release',
      'etc/cni/net.d/10-m.conflist',
      'etc/containers/networks/p.json',
      `caches/results/${entryName}`,
      `addresses/${net.name}.json`,
      'logs/calls.jsonl',
      'kernel/links.json',
      'patchbay/validate.json',
      'MANIFEST.json',
    ])
      has(new RegExp(`/${part}$`))
    has(/\/records\//)
    assert.is(contentOf(tar, 'records/firewall/ipMasq/record'), 'of-an-attachment\n')
    const why = Object.fromEntries(leftOut.map((one) => [one.source, one.why]))
    assert.match(why[`${lists}/40-link.conf`] ?? '', 'ELOOP')
    assert.match(why[`${lists}/50-fifo.conf`] ?? '', 'EINVAL')
    assert.match(why[`${lists}/multus.d/multus.kubeconfig`] ?? '', 'secrets')
    assert.match(why[`${cache}/no-entry`] ?? '', 'no entry of libcni')
    assert.match(
      files.find(({ name }) => name.endsWith('60-large.conf'))?.cut ?? '',
      'the first 1048576 of 3000',
    )
    assert.equal(JSON.parse(contentOf(tar, 'MANIFEST.json')), { files, leftOut })
  })

test('what is no secret is there: links, addresses, the list of a cache, the answers of other verbs', () => {
  const tar = `${directory}/quickjs.tar`
  const json = (name: string) => JSON.parse(contentOf(tar, name))
  assert.ok(json('kernel/links.json').some(({ name }: { name: string }) => name === net.plugins[0]?.bridge))
  assert.match(contentOf(tar, 'kernel/addresses.json'), `"link": "${net.plugins[0]?.bridge}"`)
  assert.is(json('kernel/sysctls.json')['net/ipv4/ip_forward'], '1')
  const entry = json(`caches/results/${entryName}`)
  assert.equal([entry.config.name, entry.config.plugins[0].type], [net.name, 'bridge'])
  assert.is(json('caches/results/m-c-eth0').config.plugins[0].cak, '***')
  assert.match(contentOf(tar, `addresses/${net.name}.json`), entryName.slice(net.name.length + 1, -5))
  assert.ok(json('patchbay/validate.json').data.findings.length > 0)
  assert.ok(json('patchbay/ls.json').data.length > 0)
})

test('to standard output it is the same archive; --dry-run and a file that exists write nothing', async () => {
  const { stdout } = spawnSync(patchbay, ['bundle', '-'], { maxBuffer: 1 << 27 })
  writeFileSync(`${directory}/stdout.tar`, stdout)
  const names = (tar: string) => command('tar', 'tf', tar).replace(/^[^/]+/gm, '')
  assert.is(names(`${directory}/stdout.tar`), names(`${directory}/quickjs.tar`))
  const before = readdirSync('.')
  assert.match(operate(patchbay, 'bundle --dry-run'), /^kernel\/links.json .* ip -d link show$/m)
  assert.equal(readdirSync('.'), before)
  assert.match(operate(patchbay, `bundle ${directory}/stdout.tar`, 1), 'exists already')
  assert.is(readFileSync(`${directory}/stdout.tar`).length, stdout.length)
  assert.match(operate(patchbay, 'bundle /absent/x.tar', 1), 'ENOENT')
  assert.match(operate(patchbay, 'bundle - -o json', 2), 'cannot have the answer')
})

test('a text reaches the terminal without control characters of names', () => {
  const said = operate(patchbay, 'bundle --dry-run')
  assert.not.match(said.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u)
})

test('another user gets what that user may read, and the names of the rest', () => {
  const home = newDirectory()
  command('chmod', '777', home)
  command('chmod', '700', lists)
  const as = [
    '--reuid',
    '65534',
    '--regid',
    '65534',
    '--clear-groups',
    patchbay,
    'bundle',
    `${home}/user.tar`,
  ]
  const { status, stdout, stderr } = spawnSync('setpriv', as, { encoding: 'utf8' })
  assert.is(status, 0, stdout + stderr)
  assert.match(stdout, `${lists}: left out:`)
  assert.match(command('tar', 'tf', `${home}/user.tar`), 'kernel/links.json')
  assert.ok(existsSync(`${home}/user.tar`))
})

test('names are secret by their parts, paths are not', () => {
  for (const name of [
    'psk',
    'etcdPassword',
    'ETCD_PASSWORD',
    'macsec-cak',
    'client-key-data',
    'key',
    'apiToken',
  ])
    assert.ok(isSecret(name), name)
  for (const name of ['keyFile', 'etcd_key_file', 'monkey', 'network', 'tokenizer'])
    assert.not(isSecret(name), name)
  assert.ok(!isSecret('key', true) && isSecret('psk', true))
})

test('a text that is no JSON loses a line after a secret name, and all below an object', () => {
  assert.is(masked('a = 1\nuser: x\n  password: y z\nb: 2'), 'a = 1\nuser: x\n  password: ***\nb: 2')
  assert.is(masked('"a": 1, "psk": "x\\"y", "b": 2'), '"a": 1, "psk": ***')
  assert.is(masked('token:\n'), 'token:\n')
  assert.is(masked('{ "psk": {\n "a": 1 },\n "b": 2'), '{ "psk": ***\n***')
  assert.is(masked('{"a":"{\\"psk\\":1}"}'), '{\n  "a": "{\\"psk\\":\\"***\\"}"\n}\n')
})

test('a long text without an end takes no time', async () => {
  for (const text of [`{${'['.repeat(500_000)}`, 'x'.repeat(1_000_000), '"'.repeat(1_000_000)])
    assert.ok((await cpuSeconds(() => masked(text))) < 5, text.slice(0, 2))
})

test('a path of the archive stays below its directory, and fits into a header', () => {
  assert.is(safePath('/a/../b/./c'), 'a/_/b/_/c')
  const long = safePath(`top/${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}/${'g'.repeat(90)}`)
  assert.ok(long.lastIndexOf('/') <= 155 && long.startsWith('top/') && long.endsWith('g'.repeat(80)), long)
})

test.run()
