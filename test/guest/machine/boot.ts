/** A virtual machine in QEMU, emulated in software: Debian's kernel, a few modules and a script, all in memory. */

import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { ensurePackages } from '../../../scripts/setup.ts'
import { executables } from '../../harness/plugin.ts'
import { machineKernel } from './kernel.ts'

/** What a machine is made of. */
export interface Machine {
  /** The path of the script that is its first process, and powers it off. */
  init: string
  /** Modules, in the order in which they can be loaded. */
  modules: readonly string[]
  /** The plugins in `/cni`. */
  plugins: readonly string[]
  /** QEMU's arguments for its devices. */
  devices: readonly string[]
}

/** Boots a machine and waits until it is off. @returns the output of its serial console */
export async function runMachine(machine: Machine): Promise<string> {
  await ensurePackages('a virtual machine', ['qemu-system-x86', 'busybox-static', 'cpio'])
  const { image, module } = await machineKernel()
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-machine-'))
  try {
    const initrd = await pack(directory, machine, module)
    const words = ['-machine', 'q35,accel=tcg', '-m', '256', '-nodefaults', '-display', 'none', '-no-reboot']
    const kernel = ['-kernel', image, '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1']
    const options = { timeout: 1_500_000, all: true } as const
    const { all } = await execa(
      'qemu-system-x86_64',
      [...words, '-serial', 'stdio', ...kernel, ...machine.devices],
      options,
    )
    return all.replaceAll('\r', '')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The machine's files, as the kernel unpacks them at boot (initramfs). @returns the archive's path */
async function pack(directory: string, machine: Machine, module: (name: string) => string): Promise<string> {
  const root = join(directory, 'root')
  for (const name of ['bin', 'cni', 'dev', 'mnt', 'modules', 'proc', 'run', 'sys', 'tmp'])
    mkdirSync(join(root, name), { recursive: true })
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  copyFileSync(machine.init, join(root, 'init'))
  chmodSync(join(root, 'init'), 0o755)
  for (const name of machine.modules) copyFileSync(module(name), join(root, 'modules', `${name}.ko`))
  writeFileSync(join(root, 'modules/order'), machine.modules.map((name) => `${name}.ko\n`).join(''))
  putPlugins(join(root, 'cni'), machine.plugins)
  const initrd = join(directory, 'initrd')
  await execa('sh', ['-c', 'find . | cpio --quiet --create --format=newc > ../initrd'], { cwd: root })
  return initrd
}

/** One static executable, under each of its names. */
function putPlugins(directory: string, names: readonly string[]): void {
  cpSync(join(executables(), 'patchbay'), join(directory, 'patchbay'), { dereference: true })
  for (const name of names) symlinkSync('patchbay', join(directory, name))
}
