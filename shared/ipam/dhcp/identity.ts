/** Who a container is for a server: its client identifier, its DUID, its host name, and what else it says in each message. */

import { interfaceHash } from '../../cni/identity.ts'
import type { Request } from '../../cni/plugin.ts'
import { duidOfMac, duidOfText, formatDuid } from '../../dhcp/v6/duid.ts'
import { CniError, Code } from '../../error/error.ts'
import { isDomainName } from '../../ip/names.ts'
import type { Link } from '../../netlink/link.ts'
import type { DhcpConfig } from './config.ts'
import type { Entry } from './journal.ts'
import { providedOptions, requestedCodes } from './options.ts'

export type DhcpRequest = Request<DhcpConfig>

/** Types of identifiers: a text, and an Ethernet address (RFC 2132 section 9.14). */
const [OTHER, ETHERNET] = [0, 1]

/** What the reference's plugin cuts its text to: with the byte of the type it fills an option. */
const longestText = 254

/** What the container says of itself. @throws CniError of code 7 without a pod that the configuration asks for */
export function clientOf(request: DhcpRequest, link: Link, mac: Buffer): Entry['client'] {
  const { ipam } = request.config
  const text = textOf(request)
  const id = text === undefined ? [Buffer.from([ETHERNET]), mac] : [Buffer.from([OTHER]), cut(text)]
  return {
    clientId: Buffer.concat(id).toString('hex'),
    hostname: hostnameOf(request),
    vendorClass: ipam.vendorClass,
    broadcast: ipam.broadcast === 'auto' ? link.kind === 'ipvlan' : ipam.broadcast === 'on',
    request: requestedCodes(ipam),
    provide: providedOptions(ipam, request.args),
    duid: formatDuid(text === undefined ? duidOfMac(mac) : duidOfText(text)),
    iaid: iaidOf(request),
  }
}

/** The text that names the container; undefined where its MAC address does. @throws CniError */
export function textOf(request: DhcpRequest): string | undefined {
  const { network, containerID, ifname, config } = request
  const { clientId } = config.ipam
  if (clientId === 'mac') return undefined
  // The order is the reference's.
  if (clientId === 'attachment') return `${containerID}/${network}/${ifname}`
  return clientId === 'pod' ? `${podOf(request)}/${network}/${ifname}` : clientId
}

/** @throws CniError of code 7 */
function podOf({ args }: DhcpRequest): string {
  const { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name } = args
  if (namespace && name) return `${namespace}/${name}`
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: 'ipam.clientId is "pod", but CNI_ARGS has no K8S_POD_NAMESPACE and K8S_POD_NAME',
    hint: 'the runtime of Kubernetes sets both; for other runtimes set ipam.clientId to "attachment", "mac" or a text',
  })
}

function cut(text: string): Buffer {
  return Buffer.from(text).subarray(0, longestText)
}

/** The same for each container of the network with this interface: what distinguishes them is the DUID. */
function iaidOf({ network, ifname }: DhcpRequest): number {
  return Number.parseInt(interfaceHash({ containerID: network, ifname }), 16)
}

/** A name of CNI_ARGS that is no host name is not sent: the container needs its address more. */
function hostnameOf({ config, args, log }: DhcpRequest): string | undefined {
  const { hostname } = config.ipam
  const { fromArg, value } = typeof hostname === 'object' ? hostname : { fromArg: undefined, value: hostname }
  const name = (fromArg === undefined ? undefined : args[fromArg]) ?? value
  if (!name || isDomainName(name)) return name || undefined
  log.warn(`${fromArg} of CNI_ARGS is ${JSON.stringify(name)}, no host name: the DHCP server gets none`)
  return undefined
}
