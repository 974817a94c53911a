/** As the root of a user namespace whose network namespace was made together with it: ADD, CHECK, STATUS, GC and DEL with ipMasq. */
// needs: nft ip

import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { bridgeNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { type Engine, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']

// The checkout may be below a directory that only root may enter, such as /root.
command('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/mnt')
const reachable = (engine: Engine) => `/mnt/${engine}`
for (const engine of engines) {
  mkdirSync(reachable(engine))
  command('mount', '--bind', executables(engine), reachable(engine))
}

/** What a shell does there: the verbs one after the other, then what they have left. Each must succeed. */
const trip = `
for directory in /run /var/lib; do mount -t tmpfs tmpfs $directory; done
ip link set lo up
[ "$LEGACY" ] && mount --bind "$(readlink -f /usr/sbin/iptables-legacy)" "$(readlink -f /usr/sbin/iptables)"
unshare --net sleep infinity & container=$!
trap 'kill $container' EXIT
until [ "$(readlink /proc/$container/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
cni() { echo "$CONFIG" | CNI_COMMAND=$1 CNI_NETNS=$2 "$CNI_PATH/$TYPE"; }
cat /proc/net/ip_tables_names 2>/dev/null && echo 'this namespace shows nothing: the list of tables can be read'
cni STATUS '' && cni ADD /proc/$container/ns/net >/dev/null && cni DEL /proc/$container/ns/net || exit 1
cni ADD /proc/$container/ns/net >/dev/null && cni GC '' || exit 1
nft list ruleset | grep -E 'elements|jump'
iptables-legacy-save -t nat | grep CNI
find /run/patchbay -type l
`

function inUserNamespace(env: Record<string, string>): string {
  const words = [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    'env',
    ...Object.entries(env).map(([k, v]) => `${k}=${v}`),
  ]
  return command('setpriv', ...words, 'unshare', '-Urnm', 'sh', '-c', `(${trip}) 2>&1; true`)
}

/** The iptables that the system has chosen is iptables-legacy. */
const legacy = { LEGACY: 'yes' }

for (const engine of engines)
  for (const [network, ipMasqBackend, more] of [
    [bridgeNetwork, 'nftables', {}],
    [bridgeNetwork, 'iptables', {}],
    [bridgeNetwork, 'iptables', legacy],
    [ptpNetwork, 'nftables', {}],
    [ptpNetwork, 'iptables', {}],
    [ptpNetwork, 'iptables', legacy],
  ] as const) {
    const config = single(network({ ipMasq: true, ipMasqBackend }, '1.1.0'))
    const what = `${engine}, ${config.type} with ${ipMasqBackend}${more === legacy ? '-legacy' : ''}`
    test(`${what}: every verb succeeds, and nothing is left`, () => {
      const said = inUserNamespace({
        CONFIG: JSON.stringify(config),
        TYPE: config.type,
        CNI_PATH: reachable(engine),
        CNI_CONTAINERID: 'c1',
        CNI_IFNAME: 'eth0',
        ...more,
      })
      assert.is(said.replaceAll(/^.*was held by.*\n/gm, '').trim(), '')
    })
  }

test.run()
