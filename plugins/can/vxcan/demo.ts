/** The demo of vxcan: no ping passes, because CAN carries no IP; one end may be on the host, or connected to a bus of the host. */

interface Config {
  hostIfname?: string
  gateway?: { device: string }
}

export const takesPings = false

/** Two ends on one host cannot have the same name. */
export const across = (config: Config) => (config.hostIfname ? config : undefined)

export const needs = ({ gateway }: Config) => (gateway ? ['can gateway'] : [])

/** Commands that make the bus of the host. */
export const commands = ({ gateway }: Config) =>
  gateway ? ['modprobe can-gw', `ip link add ${gateway.device} up type vcan`] : []
