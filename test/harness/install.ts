/** What kernel tests run is there: the executables, cnitool, programs from Debian's packages. `npm test` does this once for all files. */

import { builds } from '../../scripts/build/target.ts'
import { ensurePackages } from '../../scripts/setup.ts'
import { ensureBuilt } from './built.ts'
import { builtTool } from './cnitool-build.ts'
import { packagesOf } from './declared.ts'
import { fetchEtcd } from './etcd-programs.ts'
import { newestPackage } from './newest.ts'
import { unpackPackage } from './unpacked.ts'

/** Programs that kernel tests run besides the plugins. */
const tools = ['iproute2', 'nftables', 'iptables', 'iputils-ping', 'tcpdump', 'strace', 'util-linux']

/** Builds and installs what test files need that are run by hand. */
export async function prepare(files: readonly string[]): Promise<void> {
  for (const build of builds) await ensureBuilt(build)
  await installTools(files)
}

/** Installs the programs of kernel tests, and builds cnitool. A guest cannot: it has no network. */
export async function installTools(files: readonly string[]): Promise<void> {
  await ensurePackages('the kernel tests', [...tools, ...packagesOf(files)])
  for (const name of packagesOf(files, 'unpacked')) await unpackPackage(name)
  for (const name of packagesOf(files, 'newest')) await newestPackage(name)
  for (const version of packagesOf(files, 'etcd')) await fetchEtcd(version)
  await builtTool()
}
