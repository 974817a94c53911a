/** Values that mean something on the world's host (play/host.ts), by the title of their type. */

import fc from 'fast-check'

const mostly = (...values: string[]) =>
  fc.oneof({ arbitrary: fc.constantFrom(...values), weight: 9 }, { arbitrary: fc.string(), weight: 1 })

const addresses = [
  '10.61.0.1',
  '10.61.0.77',
  '198.51.100.1',
  'fd00:61::1',
  '0.0.0.0',
  '::',
  '255.255.255.255',
  '224.0.0.1',
  '::ffff:10.1.2.3',
  'fe80::1',
]
const cidrs = [
  '10.61.0.0/24',
  '10.61.0.9/24',
  'fd00:61::/64',
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/8',
  '10.61.0.5/32',
  '10.61.0.4/31',
  'fd00:61::2/127',
  '10.61.0.0/16',
]

export const pools: { string: fc.Arbitrary<unknown>; byTitle: Record<string, fc.Arbitrary<unknown>> } = {
  string: fc.oneof(mostly('eth0', '10.61.0.0/24', 'x', 'example.org'), fc.string({ unit: 'binary' })),
  byTitle: {
    'interface name': mostly('uplink', 'nic1', 'nic2', 'br0', 'eth0', 'lo', 'new0'),
    'MAC address': fc.constantFrom('02:00:5e:10:00:01', '02-00-5E-10-00-02', 'fe:ff:ff:ff:ff:ff'),
    'IP address': fc.constantFrom(...addresses),
    'address with prefix': fc.constantFrom(...cidrs),
    'address, with prefix or without': fc.constantFrom(...addresses, ...cidrs),
    'absolute path': fc.constantFrom(
      '/run/test/x',
      '/var/lib/cni/other',
      '/run/other/y',
      '/tmp/x',
      '/etc/hosts',
      '/srv/{containerID}',
    ),
    'plugin name': fc.constantFrom('host-local', 'static', 'ipam-list', 'pool', 'fuzz-ipam', 'nothing'),
    'bus address': fc.constantFrom('0000:00:1f.6', 'mlx5_core.sf.4'),
    'path below /sys/devices/': fc.constantFrom('/sys/devices/virtual/net/nic1', '/sys/devices/x'),
    name: fc.constantFrom('w1', 'w.2-x'),
  },
}
