/** What a plugin, or a chain of plugins, is given to do: configurations, and what must be on the host for them. */

export type Configuration = { type: string } & Record<string, unknown>

/** A program that runs on the host for as long as it is measured. */
export interface Service {
  command: readonly string[]
  /** The file that it makes when it serves. */
  ready: string
}

export interface Subject {
  /** `bridge ipMasq nftables`, `bridge + vrf`. */
  name: string
  /** The plugins of the list, for a container that is attached together with `number` others. */
  plugins(number: number): Configuration[]
  /** The same for the references, where they need other keys for the same. */
  theirs?(number: number): Configuration[]
  /** Other plugins of ours that are measured in the same rounds, under their own name. */
  beside?: { name: string; plugins(number: number): Configuration[] }
  /** Names in test/guest/features.ts. */
  needs?: readonly string[]
  /** Lines of `ip` that make what is on the host before any container. @param containers how many there will be, numbered from 0 */
  host?(containers: number): string[]
  /** Files of the host. */
  files?: Readonly<Record<string, string>>
  /** Programs that run on the host, started in this order. @param directory the candidate's plugins @param isReference whether they are the reference's */
  services?(directory: string, isReference: boolean): Service[]
  /**
   * Lines of `ip` that make what is on the host for a container attached before. Ends in containers are in the namespace
   * `there`. Without this the plugin itself attaches those before, which takes longer.
   */
  there?(number: number): string[]
}

/** The network's subnet for host-local. */
export const subnet = '10.200.0.0/16'

/** The address of a container that was attached before; the first are left to those that plugins attach. */
export function addressOf(number: number): string {
  const host = number + 1024
  return `10.200.${host >> 8}.${host & 255}`
}

export const hostLocal = { type: 'host-local', subnet, routes: [{ dst: '0.0.0.0/0' }] }

/** Both families. */
export const dualStack = {
  type: 'host-local',
  ranges: [[{ subnet }], [{ subnet: 'fd00:200::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
}

/** A veth in place of a NIC. */
export function nic(name: string): string[] {
  return [
    `link add ${name} type veth peer name ${name}-peer`,
    `link set ${name} up`,
    `link set ${name}-peer up`,
  ]
}

/** Several of them: `nic0`, `nic1` … */
export function nics(count: number): string[] {
  return Array.from({ length: count }, (_, number) => nic(`nic${number}`)).flat()
}
