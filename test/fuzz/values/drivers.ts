/** Calls of netavark: networks and their containers from the schemas of its input, with the keys of the plugins as podman's options. */

import fc from 'fast-check'
import { pluginOfDriver } from '../../../netavark/drivers.ts'
import { attachmentShape, networkShape } from '../../../netavark/input.ts'
import { isReserved } from '../../../netavark/option-keys.ts'
import type { Shape } from '../../../shared/config/schema.ts'
import type { Case } from '../play/case.ts'
import { configurationsOf, type Keys, names } from './configuration.ts'
import { damages } from './damages.ts'
import { namespaces } from './environment.ts'
import { hostile } from './hostile.ts'
import { nearly } from './mutate.ts'
import { objectsOf } from './schema.ts'

type Cases = fc.Arbitrary<Case>

/** Whether a plugin is a driver, by its own name. */
export function isDriver(plugin: string): boolean {
  return pluginOfDriver(plugin) === plugin
}

const { name, id, driver, options, ...furtherNetwork } = networkShape
const { container_id, network, network_options, ...furtherAttachment } = attachmentShape

const networkId = '0f'.repeat(32)

/** What podman has allocated from its subnets; without these, the option `ipam` may say. */
interface Allocation {
  network: Keys
  static_ips?: string[]
}

const allocations = fc.constantFrom<Allocation>(
  {
    network: {
      subnets: [{ subnet: '10.61.0.0/24', gateway: '10.61.0.1' }],
      routes: [{ destination: '10.9.0.0/16', gateway: '10.61.0.2', metric: 5 }],
    },
    static_ips: ['10.61.0.9'],
  },
  {
    network: {
      subnets: [
        { subnet: '10.61.0.0/24', gateway: '10.61.0.1' },
        { subnet: 'fd00:61::/64', gateway: 'fd00:61::1' },
      ],
    },
    static_ips: ['10.61.0.9', 'fd00:61::9'],
  },
  { network: {} },
)

const ports = fc.constantFrom(
  undefined,
  [{ container_port: 80, host_port: 8080, host_ip: '', protocol: 'tcp', range: 1 }],
  [{ container_port: 53, host_port: 5353, host_ip: '127.0.0.1', protocol: 'tcp,udp', range: 3 }],
)

/** Any values of a schema: rarely, as few of them fit together. */
function rarely(shape: Shape): fc.Arbitrary<Keys> {
  return fc.oneof({ arbitrary: fc.constant({}), weight: 4 }, { arbitrary: objectsOf(shape), weight: 1 })
}

/** The input of setup and teardown; its key `network` is that of create. */
function attachments(plugin: string): fc.Arbitrary<Keys & { network: Keys }> {
  const names = fc.constantFrom(undefined, `podman${networkId.slice(0, 9)}`)
  const further = fc.tuple(rarely(furtherNetwork), rarely(furtherAttachment))
  return fc
    .tuple(configurationsOf(plugin), names, allocations, ports, further)
    .map(([config, own, { network, static_ips }, port_mappings, [more, rest]]) => ({
      container_id: 'f'.repeat(64),
      port_mappings,
      ...rest,
      network: {
        internal: false,
        ...network,
        ...(plugin === 'bridge' && { network_interface: own }),
        ...more,
        name: 'fuzz',
        id: networkId,
        driver: plugin,
        options: optionsOf(config, static_ips === undefined),
      },
      network_options: { interface_name: 'eth0', static_ips },
    }))
}

/** Keys as `podman network create -o` has them: texts, or JSON. */
function optionsOf({ ipam, ...keys }: Keys, allocates: boolean): Record<string, string> {
  const isOurs = (ipam as Keys | undefined)?.type !== 'fuzz-ipam'
  const all = allocates && isOurs && ipam ? { ...keys, ipam } : keys
  const own = Object.entries(all).filter(([key]) => !isReserved(key))
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.fromEntries(own.map(([key, value]) => [key, text(value)]))
}

const words = fc.constantFrom('setup', 'setup', 'teardown')

/** Cases of a driver. Those with a setup before have another interface, or damaged files. */
export function driverCases(plugin: string): Cases {
  const inputs = attachments(plugin)
  const networks = inputs.map(({ network }) => network as Keys)
  const both: [string | fc.Arbitrary<string>, fc.Arbitrary<Keys>][] = [
    ['create', networks],
    [words, inputs],
  ]
  const single = both.flatMap(([word, valid]) => {
    const base = { plugin: fc.constant(plugin), verb: typeof word === 'string' ? fc.constant(word) : word }
    return [
      fc.record({ ...base, config: valid }),
      fc.record({ ...base, config: nearly(valid) }),
      fc.record({ ...base, text: hostile(valid) }),
    ]
  })
  const elsewhere = fc.record({ plugin: fc.constant(plugin), verb: words, config: inputs, netns: namespaces })
  const after = fc.tuple(words, inputs, fc.option(damages)).map(([verb, first, damage]) => ({
    plugin,
    verb,
    first,
    config: verb === 'setup' ? asSecond(first) : first,
    ...(damage && { damage }),
  }))
  return fc.oneof(...single, elsewhere, after)
}

/** Another interface of the container, with other addresses and no ports. */
function asSecond({ port_mappings, ...first }: Keys): Keys {
  const { static_ips } = first.network_options as { static_ips?: string[] }
  const others = static_ips?.map((ip) => ip.replace(/9$/, '10'))
  return { ...first, network_options: { interface_name: 'net1', static_ips: others } }
}

/** Cases of all drivers, or of one. */
export function allDriverCases(plugin?: string): Cases {
  return fc.oneof(...names.filter((one) => isDriver(one) && (plugin ?? one) === one).map(driverCases))
}
