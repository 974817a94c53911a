/** macvtap with a virtual machine: QEMU opens the device node, and the machine is on the far host's LAN. */
// needs: link macvtap, full speed
// packages: qemu-system-x86, ipxe-qemu, dnsmasq-base
// slow: QEMU without KVM

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost, scratch } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()
const far = farHost()

/** The machine's program: iPXE, the ROM of QEMU's NIC, downloads it from the far host and runs it. */
const script = `#!ipxe
echo machine \${net0/mac} has \${net0/ip}
sleep 600
`

/** The far host gives addresses by DHCP and the script by TFTP. */
async function serve(): Promise<ChildProcess> {
  mkdirSync(`${scratch}/tftp`)
  writeFileSync(`${scratch}/tftp/script.ipxe`, script)
  const listen = [
    '--no-daemon',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--port=0',
    '--interface=eth0',
    '--user=root',
  ]
  const dhcp = ['--dhcp-range=198.51.100.100,198.51.100.110,1h', `--dhcp-leasefile=${scratch}/leases`]
  const tftp = ['--enable-tftp', `--tftp-root=${scratch}/tftp`, '--dhcp-boot=script.ipxe']
  const words = ['netns', 'exec', far.name, 'dnsmasq', ...listen, ...dhcp, ...tftp]
  const server = spawn('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  await once(server.stderr, 'data')
  return server
}

/** A machine without disks, whose NIC uses the node. Its BIOS prints to the serial console. */
function boot(node: string, mac: string): ChildProcess {
  const fd = openSync(node, 'r+')
  const words = ['-nodefaults', '-display', 'none', '-machine', 'pc,accel=tcg,graphics=off', '-m', '64']
  const nic = ['-netdev', 'tap,id=lan,fd=3', '-device', `virtio-net-pci,netdev=lan,mac=${mac},bootindex=1`]
  const machine = spawn('qemu-system-x86_64', [...words, ...nic, '-serial', 'stdio'], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  })
  closeSync(fd)
  return machine
}

/** Waits for a line of the console. @throws an error with all output when the machine ends before */
async function said(machine: ChildProcess, line: RegExp): Promise<RegExpExecArray> {
  let console = ''
  for await (const chunk of machine.stdout ?? []) {
    console += chunk
    const found = line.exec(console)
    if (found) return found
  }
  throw new Error(console)
}

test('a machine boots from the far host through the node, and answers its pings', async () => {
  const before = snapshot()
  const container = newContainer()
  const config = { type: 'macvtap', name: 'net', cniVersion: '1.1.0', master: 'uplink' }
  const request = { config, containerID: container.name, netns: container.path }
  const { json } = await call({ ...request, verb: 'ADD' })
  const [{ socketPath = '', mac = '' } = {}] = (json?.interfaces ?? []) as {
    socketPath?: string
    mac?: string
  }[]
  assert.is(link('eth0', container).address, mac)
  const server = await serve()
  const machine = boot(socketPath, mac)
  try {
    const [, own, address = ''] = await said(machine, /machine (\S+) has (198\.51\.100\.1\d\d)/)
    assert.is(own, mac)
    assert.ok(pings(far, address))
    assert.match(ip(`-n ${far.name} neighbour show ${address}`), mac)
  } finally {
    machine.kill('SIGKILL')
    server.kill('SIGKILL')
  }
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  unchanged(before)
})

test.run()
