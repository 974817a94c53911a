/** A system bus, and on it firewalld: the real one where it is installed, and one that stands in for it (firewalld.py). */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { command } from './command.ts'
import { scratch } from './host.ts'
import { until } from './until.ts'

const name = 'org.fedoraproject.FirewallD1'
const real = '/usr/sbin/firewalld'
/** Debian's: its packages have the modules. */
const python = '/usr/bin/python3'

/** A running program. */
interface Running {
  stop(): Promise<void>
}

/** Which firewalld can run here. */
export const firewallds = existsSync(real) ? (['stand-in', 'real'] as const) : (['stand-in'] as const)

const policy = [
  'user="*"',
  'own="*"',
  'send_destination="*"',
  'receive_sender="*"',
  'send_type="method_call"',
]

/** Starts dbus-daemon as the system bus. */
export async function startBus(address = 'unix:path=/run/dbus/system_bus_socket'): Promise<Running> {
  const [file, allowed] = [`${scratch}/bus.conf`, policy.map((one) => `<allow ${one}/>`).join('')]
  mkdirSync('/run/dbus', { recursive: true })
  writeFileSync(
    file,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>${address}</listen><auth>EXTERNAL</auth><policy context="default">${allowed}</policy></busconfig>`,
  )
  const bus = start('dbus-daemon', [`--config-file=${file}`, '--nofork', '--nopidfile'])
  const path = /path=(.*)/.exec(address)?.[1] ?? ''
  await until('the bus listens', () => existsSync(decodeURIComponent(path)))
  return bus
}

/** Starts firewalld, and waits until it has its name on the bus. */
export async function startFirewalld(which: (typeof firewallds)[number]): Promise<Running> {
  mkdirSync('/run/firewalld', { recursive: true })
  const program =
    which === 'real' ? [real, '--nofork', '--nopid'] : [join(import.meta.dirname, 'firewalld.py')]
  const firewalld = start(python, program)
  await until('firewalld is on the bus', () => asks('querySource', 'trusted', '192.0.2.1/32') !== undefined)
  return firewalld
}

function start(file: string, args: string[]): Running {
  const child: ChildProcess = spawn(file, args, { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  child.unref()
  return {
    async stop() {
      child.ref()
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Whether firewalld has a source in a zone. */
export function hasSource(zone: string, source: string): boolean {
  return asks('querySource', zone, source)?.includes('boolean true') ?? false
}

/** Calls a method of firewalld's zones, as another program does. @returns undefined when it fails */
export function asks(method: string, zone: string, source: string): string | undefined {
  return send(
    name,
    '/org/fedoraproject/FirewallD1',
    `${name}.zone.${method}`,
    `string:${zone}`,
    `string:${source}`,
  )
}

/** What `firewall-cmd --reload` does. */
export function reload(): void {
  assert.ok(send(name, '/org/fedoraproject/FirewallD1', `${name}.reload`))
}

/** @param words an object, a method and its arguments */
function send(destination: string, ...words: string[]): string | undefined {
  try {
    return command('dbus-send', '--system', '--print-reply', `--dest=${destination}`, ...words)
  } catch {
    return undefined
  }
}
