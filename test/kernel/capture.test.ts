/** `patchbay capture`: frames of a container, as lines and as pcapng; tcpdump reads the files, and its own filters choose the same frames. */
// needs: nft bridge
// packages: tcpdump, bash

import { readFileSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { attachTwo } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { newContainer, privateHost, scratch, usableAtOnce } from '../harness/host.ts'
import { within } from '../harness/netns.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { operate, run } from '../harness/operate.ts'
import { type Engine, executables } from '../harness/plugin.ts'
import { type Ending, start } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
usableAtOnce()

const patchbay = (engine?: Engine) => `${executables(engine)}/patchbay`

const { one, other } = await attachTwo(bridgeNetwork({ isGateway: true }))
const [ipv4 = '', ipv6 = ''] = other.addresses.map(bare)

/** Captures that run in the namespace of the first container. */
function listeners(netns: string | null): number {
  const table = within(netns ?? undefined, () => readFileSync('/proc/thread-self/net/packet', 'utf8'))
  return table.split('\n').filter((line) => / 0003 /.test(line)).length
}

interface Running {
  pid: number
  ended: Promise<Ending>
}

/** Starts captures, and waits until the kernel has their sockets. */
async function started(words: readonly string[][], netns: string | null = one.name): Promise<Running[]> {
  const before = listeners(netns)
  const env = { PATH: process.env.PATH ?? '' }
  const all = words.map((one) => start(patchbay(), ['capture', ...one], { env, timeout: 60_000 }))
  await until('all captures have begun', () => listeners(netns) === before + words.length)
  await until('all wait for signals', () => all.every(waitsForSignals))
  return all
}

/** Whether a program has blocked SIGINT, which it reads (proc(5)). */
function waitsForSignals({ pid }: Running): boolean {
  const [, blocked = '0'] = /^SigBlk:\s+(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (BigInt(`0x${blocked}`) & (1n << BigInt(constants.signals.SIGINT - 1))) !== 0n
}

/** Ends captures as Ctrl-C does. @returns what each has written */
async function interrupted(all: readonly Running[]): Promise<string[]> {
  for (const { pid } of all) process.kill(pid, 'SIGINT')
  const endings = await Promise.all(all.map(({ ended }) => ended))
  for (const { status, stderr } of endings) assert.is(status, 0, stderr)
  return endings.map(({ stdout }) => stdout)
}

/** Ping of both families, TCP to a closed port, UDP, a datagram in fragments; neighbours are looked for, too. */
function traffic(): void {
  // The other first: without an entry it sends no probe, from which this one would learn.
  for (const { name } of [other, one]) command('ip', '-n', name, 'neighbour', 'flush', 'dev', 'eth0')
  assert.ok(pings(one, ipv4, ipv6))
  const script = `
    for port in 80 443; do echo x > /dev/tcp/${ipv4}/$port; echo x > /dev/tcp/${ipv6}/$port; done 2>/dev/null
    echo x > /dev/udp/${ipv4}/53; echo x > /dev/udp/${ipv6}/53
    head -c 4000 /dev/zero > /dev/udp/${ipv4}/5000; true`
  command('ip', 'netns', 'exec', one.name, 'bash', '-c', script)
}

const filters = [
  'tcp',
  'udp or arp',
  'icmp',
  'icmp6',
  'ip and not icmp',
  'ip6 and (udp or tcp)',
  `src host ${ipv4}`,
  `dst host ${ipv6}`,
  `net ${ipv4.replace(/\d+$/, '0')}/24`,
  `ip6 and not dst net ${ipv6.replace(/\d+$/, '')}/126`,
  'port 80 or port 53',
  'tcp and src port 443',
  'udp and not dst port 53',
  `tcp and (dst port 80 or src host ${ipv6}) and not dst host ${ipv4}`,
  'ip or ip6 or not ip',
]

const read = (file: string, ...filter: string[]) =>
  command('tcpdump', '-n', '-tt', '--nano', '-r', file, ...filter)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(' ') && !line.startsWith('\t'))

test('each filter takes the frames that tcpdump takes for the same words, with times to the nanosecond', async () => {
  const file = (name: string | number) => `${scratch}/${name}.pcapng`
  const captures = await started([
    [one.path, '-w', file('all')],
    ...filters.map((filter, number) => [one.path, '-w', file(number), ...filter.split(' ')]),
  ])
  const begin = Date.now()
  traffic()
  const end = Date.now()
  await interrupted(captures)
  // The captures do not begin and end at once.
  const isMeanwhile = (line: string) =>
    Number.parseFloat(line) * 1000 > begin && Number.parseFloat(line) * 1000 < end
  const readOf = (...words: [string, ...string[]]) => read(...words).filter(isMeanwhile)
  const all = readOf(file('all'))
  assert.ok(all.length > 20)
  assert.match(String(all[0]), /^\d{10}\.\d{9} /)
  for (const [number, filter] of filters.entries()) {
    const wanted = readOf(file('all'), filter)
    assert.equal(readOf(file(number)), wanted, filter)
    assert.ok(wanted.length > 0, filter)
  }
  assert.is(statSync(file('all')).mode & 0o777, 0o600)
})

test('a line for each frame has time, direction, addresses, ports, flags; ARP, ICMP and fragments have their words', async () => {
  const captures = await started([[one.path]])
  traffic()
  const [said = ''] = await interrupted(captures)
  const escaped = (text: string) => text.replaceAll('.', '\\.')
  const [v4, v6] = [escaped(ipv4), ipv6]
  for (const line of [
    `out \\S+ > ${v4} icmp echo request \\d+/1 length 98`,
    `in  ${v4} > \\S+ icmp echo reply \\d+/1 length 98`,
    `out \\S+:\\d+ > ${v4}:80 tcp syn length 74`,
    `in  ${v4}:443 > \\S+ tcp rst,ack length \\d+`,
    `out \\S+ > \\[${v6}\\]:53 udp length 64`,
    `out \\S+ > ${v4} udp fragment length \\d+`,
    `out arp who has ${v4}, \\S+ asks length 42`,
    `in  arp ${v4} is at [0-9a-f:]{17} length 42`,
    'out \\S+ > \\S+ icmp6 neighbour solicitation length 86',
  ])
    assert.match(said, new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{6} eth0 ${line}$`, 'm'))
})

test('--count and --seconds end it, and standard output may be the file', async () => {
  const [counting] = await started([[one.path, '--count', '2', 'icmp']])
  traffic()
  assert.is((await (counting as Running).ended).stdout.trim().split('\n').length, 2)
  const quiet = newContainer()
  for (const engine of ['quickjs', 'node'] as const)
    assert.is(
      operate(patchbay(engine), `capture ${quiet.name} --seconds 1`),
      '0 frames, 0 dropped by the kernel\n',
    )
  const [piped] = await started([[one.path, '-w', '-', '-i', 'eth0', '--count', '1', 'icmp']])
  traffic()
  assert.match((await (piped as Running).ended).stdout, /^\n\r\r\n/)
})

test('a container is found by the beginning of its ID; the host is the namespace of the command', async () => {
  const { containerId } = JSON.parse(
    readFileSync(command('sh', '-c', `grep -l ${one.name} /var/lib/cni/results/* | head -1`).trim(), 'utf8'),
  ) as { containerId: string }
  const captures = await started([[containerId.slice(0, 12), 'icmp']])
  traffic()
  const [said = ''] = await interrupted(captures)
  assert.match(said, `${ipv4} icmp echo request`)
  const host = await started([['host', '-i', 'lo', 'icmp']], null)
  assert.ok(pings(undefined, '127.0.0.1'))
  assert.match(String(await interrupted(host)), 'lo in  127.0.0.1 > 127.0.0.1 icmp echo request')
})

test('the name of an interface cannot change what the terminal shows', async () => {
  const [hostile, strange] = [newContainer(), '\u001b[31mx']
  command('ip', '-n', hostile.name, 'link', 'add', strange, 'type', 'veth', 'peer', 'name', 'y')
  const captures = await started(
    [
      [hostile.path, '-c', '1', 'ip6'],
      [hostile.path, '-c', '1', '-w', '-', 'ip6'],
    ],
    hostile.name,
  )
  for (const name of [strange, 'y']) command('ip', '-n', hostile.name, 'link', 'set', name, 'up')
  const [lines, file] = await Promise.all(captures.map(({ ended }) => ended))
  assert.match(String(lines?.stdout), /^[\d:.]+ (y| \[31mx) .* length \d+\n$/)
  assert.ok(file?.stdout.includes('patchbay'))
})

test('slips are told with what is allowed, and a name that is meant', () => {
  const slips: [words: string, text: string][] = [
    ['host tcp prot 80', '"prot" is no condition'],
    ['host port x', 'port "x" is no number'],
    ['host ( tcp', 'a ")" is missing'],
    ['host not', 'a condition is missing at the end'],
    ['host host 1.2.3', 'host "1.2.3" is no IP address'],
    ['host net 10.0.0.0/33', 'net "10.0.0.0/33" is no subnet'],
    ['host --count 0', '--count "0" is no number from 1'],
    [`${one.path} -i eth00`, 'no interface "eth00", did you mean eth0?'],
    ['nothing-here', 'no container "nothing-here"'],
    [`host ${Array(100).fill('not port 1').join(' and ')}`, 'the filter is too long'],
  ]
  for (const [words, text] of slips) {
    const { status, stderr } = run(patchbay(), `capture ${words}`)
    assert.is(status, 2, words)
    assert.ok(stderr.includes(text), `${words}: ${stderr}`)
  }
})

test('without root it says that it needs root', () => {
  const { status, stderr } = run(
    'setpriv',
    `--reuid 65534 --clear-groups --inh-caps=-all ${patchbay()} capture host --seconds 1`,
  )
  assert.is(status, 1)
  assert.match(stderr, 'only root can capture frames')
})

test('a capture whose lines are read no more ends', async () => {
  const line = `${patchbay()} capture ${one.name} -i eth0 | head -n 1`
  const { ended } = start('/bin/sh', ['-c', line], { env: { PATH: process.env.PATH ?? '' }, timeout: 30_000 })
  let hasEnded = false
  ended.then(() => {
    hasEnded = true
  })
  await until('it ends', () => pings(one, ipv4) && hasEnded)
  assert.match((await ended).stdout, / eth0 /)
})

test.run()
