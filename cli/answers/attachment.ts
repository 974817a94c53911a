/** An attachment in the JSON of several verbs. */

import { array, number, strictObject as object, enum as oneOf, string } from 'zod'

/** A port of the host that leads to a container. */
export const hostPort = object({
  protocol: string().describe('tcp, udp or sctp'),
  hostPort: number(),
  containerPort: number(),
  hostIP: string().optional().describe('The one address of the host that has the port.'),
})

export const life = oneOf(['lives', 'ended', 'unknown']).describe(
  'unknown: no file tells its namespace, or it cannot be seen from here.',
)

export const attachment = object({
  network: string(),
  container: string(),
  interface: string().describe('Its name as the runtime knows it (CNI_IFNAME).'),
  pod: string().optional().describe('NAMESPACE/NAME, as the runtime told it in CNI_ARGS.'),
  life,
  addresses: array(string()).describe(
    'With prefix lengths, unless only host-local knows them; of DHCP those of now.',
  ),
  mac: string().optional(),
  namespace: string().optional().describe("The path of the container's network namespace."),
  hostInterface: string().optional().describe("The host's end of the pair."),
  parent: string().optional().describe("The host's bridge or NIC that the interface is on."),
  plugins: array(string()).describe('The types of the list.'),
  ports: array(hostPort),
  since: string().optional().describe('When ADD was done, ISO 8601 in UTC.'),
  age: number().optional().describe('Seconds since then.'),
})
