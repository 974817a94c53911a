/** The keys that the network configuration of every plugin may have (spec section "Plugin configuration objects"). */

import {
  anything,
  boolean,
  describe,
  integer,
  ip,
  ipOrCidr,
  lazy,
  list,
  mac,
  object,
  open,
  optional,
  pattern,
  pluginName,
  string,
} from './schema.ts'

const range = () =>
  open({
    subnet: string,
    rangeStart: optional(ip),
    rangeEnd: optional(ip),
    gateway: optional(ip),
  })

/** `runtimeConfig`: the runtime adds it for one container (CONVENTIONS.md, "Dynamic plugin specific fields"). */
const runtimeConfig = () => {
  const port = integer({ min: 1, max: 65535 })
  const protocol = pattern('"tcp", "udp" or "sctp"', /^(tcp|udp|sctp)$/i)
  /** Bits per second, or bits. */
  const bits = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  return open({
    mac: optional(mac),
    ips: optional(list(ipOrCidr)),
    ipRanges: optional(list(list(range()))),
    portMappings: optional(
      list(
        open({
          hostPort: port,
          containerPort: port,
          protocol: optional(protocol),
          hostIP: optional(ip),
        }),
      ),
    ),
    bandwidth: optional(
      open({
        ingressRate: optional(bits),
        ingressBurst: optional(bits),
        egressRate: optional(bits),
        egressBurst: optional(bits),
      }),
    ),
    dns: optional(
      open({
        servers: optional(list(string)),
        searches: optional(list(string)),
        options: optional(list(string)),
      }),
    ),
    aliases: optional(list(string)),
    deviceID: optional(string),
    cgroupPath: optional(string),
  })
}

/** `args`: the network's author or the runtime sets `args.cni` (CONVENTIONS.md, "args in network config"). */
const args = () =>
  open({
    cni: optional(
      open({
        mac: optional(mac),
        ips: optional(list(ipOrCidr)),
        labels: optional(list(open({ key: string, value: optional(string) }))),
      }),
    ),
  })

const dns = () =>
  object({
    nameservers: optional(list(string)),
    domain: optional(string),
    search: optional(list(string)),
    options: optional(list(string)),
  })

export const common = {
  cniVersion: describe(optional(string), 'Version of the CNI specification. Default: 0.1.0.'),
  name: describe(optional(string), "The network's name, unique on the host."),
  type: describe(optional(pluginName), "This plugin's name."),
  ipam: describe(
    optional(open({ type: optional(pluginName) })),
    'Where addresses come from: `type` names the IPAM plugin, the other keys are its own. Without it, no addresses.',
  ),
  dns: describe(
    optional(lazy(dns)),
    'Name servers for the result: `nameservers`, `domain`, `search`, `options`.',
  ),
  keepDefaultRoute: describe(
    optional(boolean),
    'A default route that the container has already stays the first. Default: the newest is the first.',
  ),
  capabilities: optional(anything),
  args: optional(lazy(args)),
  runtimeConfig: optional(lazy(runtimeConfig)),
  prevResult: optional(anything),
  'cni.dev/valid-attachments': optional(anything),
  'cni.dev/attachments': optional(anything),
}
