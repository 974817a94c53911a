/** The log of calls, the spans of a caller that traces, and `patchbay logs`, on the built executables. */
// needs: nft ip

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import type { Entry } from '../../shared/call-log/entry.ts'
import { added } from '../harness/attach.ts'
import { command, succeeds } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { mount } from '../harness/libc.ts'
import { attachment, create, podmanNetwork, setup, teardown } from '../harness/netavark.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { answerOf, operate } from '../harness/operate.ts'
import { attributeOf, exportsIn, type OtlpSpan } from '../harness/otlp.ts'
import { call, executables, started } from '../harness/plugin.ts'
import { start } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
ownEtc('/etc/patchbay')

const directory = '/var/log/patchbay'
const calls = `${directory}/calls.jsonl`
const spans = `${directory}/spans.jsonl`
const counts = '/run/patchbay/calls'
const patchbay = `${executables()}/patchbay`
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const args = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart;TOKEN=secret'

test.before.each(() => {
  for (const path of [directory, counts, '/etc/patchbay/log.json'])
    rmSync(path, { recursive: true, force: true })
})

const settings = (values: object) => writeFileSync('/etc/patchbay/log.json', JSON.stringify(values))
const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')
const entries = () => linesOf(calls).map((line) => JSON.parse(line) as Entry)
const logged = (words = '', status = 0) => answerOf<Entry[]>(patchbay, 'logs', words, status)
/** A call that does little, of a container with this ID. */
const little = (containerID: string, more: Partial<Parameters<typeof call>[0]> = {}) =>
  call({
    verb: 'DEL',
    config: { type: 'bridge', name: 'net', cniVersion: '1.0.0', log: 'info' },
    containerID,
    ...more,
  })

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: a call with the key log leaves one line, with place, pod, trace and duration, and no other argument`, async () => {
    const { path: netns } = newContainer()
    const net = single(bridgeNetwork(), { log: 'info' })
    const request = { config: net, netns, containerID: `of-${engine}`, args, engine, env: { TRACEPARENT } }
    await added(request)
    const [line, ...others] = entries()
    assert.equal(others, [])
    const { time, pid, duration, ...rest } = line as Entry
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000 && pid > 0 && (duration ?? 0) > 0)
    assert.equal(rest, {
      ...{ level: 'info', verb: 'ADD', plugin: 'bridge', network: net.name, container: `of-${engine}` },
      ...{ interface: 'eth0', pod: 'shop/cart', trace: TRACEPARENT.split('-')[1] },
    })
    assert.not.match(readFileSync(calls, 'utf8'), 'secret')
    assert.is(statSync(calls).mode & 0o777, 0o640)
    assert.is(statSync(directory).mode & 0o777, 0o750)
    await call({ ...request, verb: 'DEL' })
    assert.equal(
      entries().map(({ verb }) => verb),
      ['ADD', 'DEL'],
    )
  })

test('a call that is not logged leaves no file', async () => {
  const { path: netns } = newContainer()
  const net = single(bridgeNetwork())
  await added({ config: net, netns, env: { TRACEPARENT } })
  await call({ verb: 'DEL', config: net, netns })
  assert.not(existsSync(directory) || existsSync(counts))
})

test('an error is logged as the caller gets it, a warning has a line of its own, and both are counted', async () => {
  const config = {
    type: 'bridge',
    name: 'net',
    cniVersion: '1.0.0',
    log: 'info',
    'some\nforeign key\u001b[2J': 1,
  }
  const { json } = await call({ verb: 'ADD', config, netns: '/nowhere' })
  const [warning, error] = entries()
  assert.is(warning?.level, 'warn')
  assert.match(warning?.msg ?? '', 'keys without effect here')
  assert.equal(
    [error?.level, error?.code, error?.msg, error?.details],
    ['error', json?.code, json?.msg, json?.details],
  )
  assert.is(warning?.pid, error?.pid)
  assert.equal(readdirSync(counts), [`bridge.ADD.${json?.code}`])
})

test('PATCHBAY_LOG logs each call, also one whose configuration is no JSON, and debug a STATUS and times', async () => {
  await call({
    verb: 'ADD',
    config: '{"name": "net", "token": "secret", ',
    plugin: 'bridge',
    netns: '/nowhere',
    env: { PATCHBAY_LOG: 'info' },
  })
  const config = { type: 'bridge', name: 'net', cniVersion: '1.1.0' }
  for (const PATCHBAY_LOG of ['info', 'debug']) await call({ verb: 'STATUS', config, env: { PATCHBAY_LOG } })
  const [broken, status, ...others] = entries()
  assert.equal([broken?.code, status?.verb, others], [6, 'STATUS', []])
  assert.not.match(readFileSync(calls, 'utf8'), 'secret')
  assert.ok(Number(status?.spent?.netlink) > 0)
  // Its namespace is refused, and not the key, which another program may read.
  const { json, stderr } = await call({
    verb: 'ADD',
    config: { ...config, log: '/var/log/cni.log' },
    netns: '/nowhere',
  })
  assert.equal([json?.code, entries().length], [4, 2])
  assert.match(stderr, 'log is "/var/log/cni.log", must be "info" or "debug"; going on without it')
})

test('a network of podman 5 with the option log leaves a line for each call of its driver', () => {
  const net = create(
    podmanNetwork('bridge', { options: { log: 'info' }, subnets: [{ subnet: '10.77.0.0/24' }] }),
  )
  const [container, input] = [newContainer(), attachment(net, { static_ips: ['10.77.0.5'] })]
  setup(input, container)
  teardown(input, container)
  const seen = entries().map(({ verb, network, level }) => `${verb} ${network} ${level}`)
  assert.ok(seen.includes(`ADD ${net.name} info`) && seen.includes(`DEL ${net.name} info`), seen.join())
})

/** An IPAM plugin of another project: it notes its environment, and gives an address. */
function foreignIpam(): string {
  const folder = `${scratch}/foreign`
  mkdirSync(folder, { recursive: true })
  const answer = '{"cniVersion": "1.0.0", "ips": [{"address": "10.78.0.9/24"}]}'
  writeFileSync(
    `${folder}/other-ipam`,
    `#!/bin/sh\nenv > ${folder}/env.$CNI_COMMAND\ncat > /dev/null\necho '${answer}'\n`,
  )
  chmodSync(`${folder}/other-ipam`, 0o755)
  return folder
}

test('spans are OTLP JSON: the call below the caller, its parts below it, and a delegate below its own', async () => {
  const folder = foreignIpam()
  const { path: netns } = newContainer()
  const net = single(bridgeNetwork({ ipMasq: true }), { log: 'info', ipam: { type: 'other-ipam' } })
  const env = { TRACEPARENT, TRACESTATE: 'vendor=1', CNI_PATH: `${executables()}:${folder}` }
  await added({ config: net, netns, args, env })
  const [[own, ...parts] = []] = exportsIn(spans)
  assert.ok(own)
  const [, trace, parent] = TRACEPARENT.split('-')
  assert.equal([own.name, own.parentSpanId, own.kind, own.flags], ['bridge ADD', parent, 2, 0x301])
  assert.equal([attributeOf(own, 'cni.network'), attributeOf(own, 'k8s.pod.name')], [net.name, 'cart'])
  const ids = [own, ...parts].map(({ spanId }) => spanId)
  assert.is(new Set(ids).size, ids.length)
  for (const part of parts) {
    assert.equal([part.traceId, part.traceState, ids.includes(part.parentSpanId)], [trace, 'vendor=1', true])
    assert.ok(BigInt(part.startTimeUnixNano) >= BigInt(own.startTimeUnixNano))
    assert.ok(BigInt(part.endTimeUnixNano) <= BigInt(own.endTimeUnixNano))
  }
  const names = new Set(parts.map(({ name }) => name))
  for (const name of ['netlink', 'ipam', 'firewall', 'delegate ADD'])
    assert.ok(names.has(name), `${name}: ${[...names]}`)
  const delegate = parts.find(({ name }) => name === 'delegate ADD')
  const inherited = readFileSync(`${folder}/env.ADD`, 'utf8')
  assert.match(inherited, `TRACEPARENT=00-${trace}-${delegate?.spanId}-01\n`)
  assert.match(inherited, 'TRACESTATE=vendor=1\n')
  await call({ verb: 'DEL', config: net, netns, env })
})

test('a call that fails is a span with an error, and a trace that is not sampled has none', async () => {
  const failing = (env: Record<string, string>) => little('failing', { verb: 'ADD', netns: '/nowhere', env })
  await failing({ TRACEPARENT: TRACEPARENT.replace(/01$/, '00') })
  assert.not(existsSync(spans))
  const { json } = await failing({ TRACEPARENT })
  const [[failed] = []] = exportsIn(spans)
  assert.ok(failed)
  assert.equal(failed.status, { code: 2, message: json?.msg as string })
  assert.is(attributeOf(failed, 'cni.error.code'), String(json?.code))
})

/** Whether a process has a file open and sleeps. Its descriptors come and go. */
function waitsFor(pid: number, file: string): boolean {
  const isOpen = succeeds('sh', '-c', `ls -l /proc/${pid}/fd | grep -q -- '-> ${file}$'`)
  return isOpen && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') S ')
}

test('a wait for a lock is a span that names it', async () => {
  const { path: netns } = newContainer()
  const net: Record<string, unknown> & { type: string } = single(bridgeNetwork(), { log: 'info' })
  const lock = `/run/patchbay/link-${net.bridge}.lock`
  mkdirSync('/run/patchbay', { recursive: true })
  const held = spawn('flock', [lock, 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  await once(held.stdout, 'data')
  const { pid, answer } = started({ verb: 'ADD', config: net, netns, env: { TRACEPARENT } })
  await until('ADD waits for the lock', () => waitsFor(pid, lock))
  held.stdin.end('\n')
  assert.is((await answer).status, 0)
  const [waited = []] = exportsIn(spans)
  assert.is(attributeOf(waited.find(({ name }) => name === 'lock wait') as OtlpSpan, 'cni.request'), lock)
  await call({ verb: 'DEL', config: net, netns })
})

const processes = 8
const each = 40

test('eight processes that write while files are rotated lose no line and mix none', async () => {
  settings({ maxBytes: 4096, keep: 100 })
  const loop = (name: number) =>
    `for i in $(seq ${each}); do CNI_CONTAINERID=p${name}-$i ${executables()}/bridge < ${scratch}/config; done`
  writeFileSync(
    `${scratch}/config`,
    JSON.stringify({ type: 'bridge', name: 'net', cniVersion: '1.0.0', log: 'info' }),
  )
  const env = {
    CNI_COMMAND: 'DEL',
    CNI_NETNS: '',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/',
    PATH: process.env.PATH ?? '',
  }
  const writers = [...Array(processes).keys()].map(
    (name) => start('/bin/sh', ['-c', loop(name)], { env, input: '', timeout: 300_000 }).ended,
  )
  await Promise.all(writers)
  const files = readdirSync(directory)
  assert.ok(files.length > 10, files.join())
  const found = files.flatMap((file) =>
    linesOf(`${directory}/${file}`).map((line) => (JSON.parse(line) as Entry).container),
  )
  assert.is(found.length, processes * each)
  assert.is(new Set(found).size, processes * each)
  assert.is(statSync(`${counts}/bridge.DEL.0`).size, processes * each)
  assert.is((await logged()).length, processes * each)
})

test('rotation keeps as many files as it is told', async () => {
  settings({ directory: `${scratch}/elsewhere`, maxBytes: 4096, keep: 2 })
  for (let number = 0; number < 60; number++) await little(`c${number}`)
  assert.equal(readdirSync(`${scratch}/elsewhere`).sort(), ['calls.jsonl', 'calls.jsonl.1', 'calls.jsonl.2'])
  assert.is((await logged()).at(-1)?.container, 'c59')
})

const traps: Record<string, () => void> = {
  'a symlink in the place of the file': () => symlinkSync(`${scratch}/target`, calls),
  'a FIFO in the place of the file': () => void command('mkfifo', calls),
  'a file that all users may write to': () => {
    writeFileSync(calls, '')
    chmodSync(calls, 0o666)
  },
  'a directory that all users may write to': () => chmodSync(directory, 0o777),
  'a symlink in the place of the directory': () => {
    rmSync(directory, { recursive: true })
    mkdirSync(`${scratch}/moved`)
    symlinkSync(`${scratch}/moved`, directory)
  },
  'a file in the place of the directory': () => {
    rmSync(directory, { recursive: true })
    writeFileSync(directory, '')
  },
  'settings that are no JSON, with a full file system': () => {
    writeFileSync('/etc/patchbay/log.json', '{')
    mount('tmpfs', directory, 'tmpfs', 0, 'size=4k,mode=750')
    writeFileSync(`${directory}/other`, 'x'.repeat(4096))
  },
}

for (const [name, lay] of Object.entries(traps))
  test(`the call succeeds and nothing is written with ${name}`, async () => {
    mkdirSync(directory)
    writeFileSync(`${scratch}/target`, '')
    lay()
    const { status } = await little('trapped', { env: { TRACEPARENT } })
    assert.is(status, 0)
    assert.is(readFileSync(`${scratch}/target`, 'utf8'), '')
    if (statSync(calls, { throwIfNoEntry: false })?.isFile()) assert.is(readFileSync(calls, 'utf8'), '')
    if (name.includes('full file system')) command('umount', directory)
    rmSync(`${scratch}/moved`, { recursive: true, force: true })
  })

test('patchbay logs finds lines by container, network, plugin, verb, trace, level and time, over rotations', async () => {
  assert.match(operate(patchbay, 'logs'), 'no call was logged on this host')
  await little('aaaa1')
  renameSync(calls, `${calls}.1`)
  await little('aaaa2', { env: { TRACEPARENT } })
  await little('bbbb', { verb: 'ADD', netns: '/nowhere' })
  await little('cccc', { config: { type: 'ptp', name: 'other', cniVersion: '1.0.0', log: 'info' } })
  const found = async (words: string) => (await logged(words)).map(({ container }) => container).join()
  assert.is(await found(''), 'aaaa1,aaaa2,bbbb,cccc')
  assert.is(await found('aaaa'), 'aaaa1,aaaa2')
  assert.is(await found('--network other'), 'cccc')
  assert.is(await found('--plugin ptp'), 'cccc')
  assert.is(await found('--verb ADD'), 'bbbb')
  assert.is(await found(`--trace ${TRACEPARENT.split('-')[1]}`), 'aaaa2')
  assert.is(await found('--level warn'), 'bbbb')
  assert.is(await found('--since 1h -n 1'), 'cccc')
  assert.is(await found(`--since ${new Date(Date.now() + 60_000).toISOString()}`), '')
  assert.match(
    operate(patchbay, 'logs bbbb'),
    /^\S+Z error ADD {4}bridge net\/bbbb\/eth0 [\d.]+ ms code \d+: /,
  )
  for (const words of ['--since soon', '-n many', '--level loud', '-f -o json'])
    operate(patchbay, `logs ${words}`, 2)
})

test('damaged lines are counted and left out, and hostile ones cannot harm the terminal', async () => {
  await little('good')
  const hostile = {
    ...(JSON.parse(linesOf(calls)[0] ?? '') as Entry),
    network: 'n\u001b[2J\u202e',
    msg: `\u009b31m\n${'x'.repeat(1e6)}`,
    more: 1,
  }
  const torn = linesOf(calls)[0]?.slice(0, 40)
  appendFileSync(calls, `${JSON.stringify(hostile)}\n${torn}\nnull\n[]\n{"time":5}\n\0\0\n${torn}`)
  const said = operate(patchbay, 'logs')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.not.match(said, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  assert.match(said, `${calls}: left out: 5 lines are damaged`)
  assert.is((await logged()).length, 2)
})

test('--follow shows new lines, also after a rotation and when there is no file yet', async () => {
  const following = spawn(patchbay, ['logs', '-f', '--network', 'net'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  following.stdout.on('data', (data) => {
    said += data
  })
  await little('first')
  await until('the first line is shown', () => said.includes('net/first/'))
  await little('second')
  renameSync(calls, `${calls}.1`)
  await little('third')
  await until('the third line is shown', () => said.includes('net/third/'))
  following.stdout.destroy()
  await little('fourth')
  await until('it ends without a reader', () => following.exitCode === 0)
  assert.equal(said.match(/net\/\w+/g), ['net/first', 'net/second', 'net/third'])
})

test.run()
