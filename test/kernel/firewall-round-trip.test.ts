/** firewall after bridge: the whole way of an attachment by each back end, and what CHECK must notice. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { isUp, type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

const nft = (words: string) => void command('nft', words)
const config = { type: 'bridge', bridge: 'br0', isDefaultGateway: true }
const subnets = ['10.50.0.0/24', 'fd50::/64']

/** A row: bridge, and firewall with these keys. */
function row(keys: Record<string, unknown>, own: Pick<Kind, 'breaks'> & Partial<Kind>): Kind {
  const chain = [{ type: 'firewall', ...keys }]
  return { config, subnets, chain, expect: isUp('veth', 1500), ...own }
}

/** Deletes the rules of iptables in which a text stands. */
function deleteRules(text: string): (container: Netns) => void {
  return (container) => {
    const [own = ''] = addresses('eth0', container)
    const rules = command('iptables-save', '-t', 'filter')
      .split('\n')
      .filter(
        (line) => line.startsWith('-A ') && line.includes(text.replace('ADDRESS', own.split('/')[0] ?? '')),
      )
    assert.ok(rules.length > 0, text)
    for (const rule of rules) command('sh', '-c', `iptables ${rule.replace('-A', '-D')}`)
  }
}

const rows: Record<string, Kind> = {
  'open, by nftables': row({}, { everyVersion: true, breaks: {} }),
  'same-bridge, by nftables': row(
    { ingressPolicy: 'same-bridge', backend: 'nftables' },
    {
      everyVersion: true,
      breaks: {
        'the bridge is no element': () => nft('delete element inet patchbay isolation-interfaces { br0 }'),
        'the bridge leads to no chain': () => nft('delete element inet patchbay isolation-chains { br0 }'),
        'the rules are gone': () => nft('flush chain inet patchbay isolation-forward'),
        'the whole ruleset is gone': () => nft('flush ruleset'),
      },
    },
  ),
  'isolated, by nftables': row(
    { ingressPolicy: 'isolated' },
    {
      breaks: {
        'the port is no element': () => nft('flush set bridge patchbay isolation-ports'),
        'the bridge’s pair is no element': () => nft('flush set inet patchbay isolation-within'),
        'the table of family bridge is gone': () => nft('delete table bridge patchbay'),
      },
    },
  ),
  'isolated, by iptables': row(
    { ingressPolicy: 'isolated', backend: 'iptables', hostIngress: 'allow' },
    {
      everyVersion: true,
      breaks: {
        'what the container sends is not accepted': deleteRules('-A CNI-FORWARD -s ADDRESS/32'),
        'answers are not accepted': deleteRules('-A CNI-FORWARD -d ADDRESS/32'),
        'the host does not accept its packets': deleteRules('-A PATCHBAY-INPUT -s ADDRESS/32'),
        'FORWARD does not lead to the rules': deleteRules('-j CNI-FORWARD'),
        'the admin chain is not entered': deleteRules('-j CNI-ADMIN'),
        'the bridge is not isolated': deleteRules('-i br0 -o br0'),
        'the port is no element': () => nft('flush set bridge patchbay isolation-ports'),
      },
    },
  ),
  'with acceptInto': row(
    {
      acceptInto: [
        { table: 'inet foreign', chain: 'forward' },
        { table: 'ip foreign', chain: 'input' },
      ],
      hostIngress: 'allow',
      backend: 'nftables',
    },
    {
      everyVersion: true,
      prepare: foreignTables,
      breaks: {
        'a rule is gone': () => nft('flush chain inet foreign forward'),
        'the rule of the second chain is gone': () => nft('flush chain ip foreign input'),
        'an address is no element': () => nft('flush set inet foreign patchbay-accept-ipv6'),
      },
    },
  ),
}

/** Tables of another program. */
function foreignTables(): void {
  nft('add table inet foreign')
  nft('add chain inet foreign forward { type filter hook forward priority 0; policy drop; }')
  nft('add table ip foreign')
  nft('add chain ip foreign input { type filter hook input priority 0; policy accept; }')
}

for (const [name, kind] of Object.entries(rows)) testRoundTrips(`firewall, ${name}`, kind)

test.run()
