/** The keys of portmap: which back end they ask for, and what contradicts itself. */

import * as assert from 'uvu/assert'
import { backEndOf, config } from '../../../plugins/portmap/config.ts'
import type { CniError } from '../../../shared/error/error.ts'
import { silent } from '../../../shared/error/log.ts'
import { test } from '../../harness/test.ts'

const parse = (keys: Record<string, unknown>) =>
  config.parse(config.canonical({ name: 'net', type: 'portmap', ...keys }), silent)

function complaint(keys: Record<string, unknown>): string {
  try {
    parse(keys)
  } catch (error) {
    return (error as CniError).message
  }
  return 'accepted'
}

test('without a key that says otherwise, either back end will do', () => {
  assert.is(backEndOf(parse({})), undefined)
  assert.is(backEndOf(parse({ markMasqBit: 5 })), undefined)
  assert.is(backEndOf(parse({ backend: '' })), undefined)
})

test('conditions and an external chain ask for the back end whose words they are', () => {
  assert.is(backEndOf(parse({ conditionsV4: ['ip saddr 10.0.0.0/8'] })), 'nftables')
  assert.is(backEndOf(parse({ conditionsV6: ['!', '-s', 'fd00::/8'] })), 'iptables')
  assert.is(backEndOf(parse({ externalSetMarkChain: 'KUBE-MARK-MASQ' })), 'iptables')
  assert.is(backEndOf(parse({ conditionsV4: [], backend: 'iptables' })), 'iptables')
})

test('conditions of two back ends contradict each other', () => {
  const said = complaint({ conditionsV4: ['-s', '10.0.0.0/8'], conditionsV6: ['ip6', 'saddr', 'fd00::/8'] })
  assert.is(
    said,
    'iptables backend was requested but configuration contains nftables-specific options [conditionsV6]',
  )
  assert.match(complaint({ backend: 'nftables', externalSetMarkChain: 'X' }), /\[externalSetMarkChain\]/)
})

test('a chain’s name and a condition cannot bring further commands', () => {
  for (const name of ['a b', '-j', '!x', 'x'.repeat(29)])
    assert.match(complaint({ externalSetMarkChain: name }), /must be the name of a chain/, name)
  for (const word of ['x; flush ruleset', 'x\nflush', 'x # y'])
    assert.match(complaint({ conditionsV4: [word] }), /conditionsV4\[0\]/, word)
})

test('of iptables only matches are conditions: no target, command or table', () => {
  assert.is(complaint({ conditionsV4: ['-s', '10.0.0.0/8', '-m', 'mark', '!', '--mark', '4'] }), 'accepted')
  for (const word of ['-j', '-jACCEPT', '--append', '-t', '--protocol'])
    assert.match(
      complaint({ conditionsV6: ['-s', 'fd00::/8', word] }),
      `conditionsV6: "${word}" is no condition`,
    )
})

test('mappings with keys in any case, an empty hostIP and a protocol in capital letters', () => {
  const mapping = { HostPort: 80, ContainerPort: 8080, Protocol: 'TCP', HostIP: '' }
  const { runtimeConfig } = parse({ runtimeConfig: { portMappings: [mapping] } })
  assert.equal(runtimeConfig?.portMappings, [{ hostPort: 80, containerPort: 8080, protocol: 'TCP' }])
})

const mapped = (...portMappings: Record<string, unknown>[]) => complaint({ runtimeConfig: { portMappings } })

test('a host port may lead to different ports in each family, by each protocol and at each address, but not twice', () => {
  const to = (containerPort: number, keys = {}) => ({ hostPort: 80, containerPort, ...keys })
  assert.is(mapped(to(1, { hostIP: '0.0.0.0' }), to(2, { hostIP: '::' })), 'accepted')
  assert.is(mapped(to(1), to(2, { protocol: 'UDP' })), 'accepted')
  assert.is(mapped(to(1, { hostIP: '192.0.2.1' }), to(2, { hostIP: '192.0.2.2' })), 'accepted')
  assert.is(mapped(to(1), to(1), to(1, { protocol: 'TCP', hostIP: '::' })), 'accepted')
  assert.match(mapped(to(1), to(2, { hostIP: '::' })), /80\/tcp to container ports 1 and 2/)
  assert.match(mapped(to(1, { hostIP: 'fd00::1' }), to(2, { hostIP: 'fd00:0::1' })), /\[fd00::1\]:80\/tcp to/)
  assert.match(
    mapped({ hostPort: 78, containerPort: 78, range: 5 }, to(1)),
    /80\/tcp to container ports 80 and 1/,
  )
})

test('a range ends at 65535', () => {
  assert.is(mapped({ hostPort: 1, containerPort: 1, range: 65535 }), 'accepted')
  assert.match(
    mapped({ hostPort: 65535, containerPort: 1, range: 2 }),
    /beyond port 65535: hostPort is 65535/,
  )
  assert.match(
    mapped({ hostPort: 1, containerPort: 65535, range: 2 }),
    /containerPort is 65535 and range is 2/,
  )
})

test.run()
