/** Which part of the project may import which. */

/**
 * From top to bottom: a part imports only those in the rows below its own. `plugins/*` is each family of
 * plugins, with the folders in it; `shared/ipam` includes its folders too; a name without a folder is that of the files in the root.
 */
export const order: readonly (readonly string[])[] = [
  ['engine/node', 'engine/quickjs'],
  ['main.ts'],
  ['cli'],
  ['cli/verbs'],
  ['cli/agent', 'cli/dhcp'],
  ['cli/bundle', 'cli/doctor', 'cli/metrics', 'cli/topology', 'cli/pool'],
  ['cli/capture', 'cli/plan', 'cli/trace', 'cli/trial'],
  ['cli/addresses', 'cli/attach', 'cli/lists'],
  ['cli/attachments'],
  ['cli/answers'],
  ['cli/host', 'cli/installation'],
  ['cli/form'],
  ['netavark'],
  ['plugins'],
  ['plugins/*'],
  ['shared/host', 'shared/pair', 'shared/lent', 'shared/device-node'],
  ['shared/link'],
  ['shared/attachment'],
  ['shared/ipam', 'shared/firewall'],
  ['shared/store'],
  ['shared/state'],
  ['shared/cni'],
  ['shared/call-log'],
  ['shared/config'],
  ['shared/error'],
  ['shared/dhcp'],
  ['shared/netlink'],
  ['shared/kernel', 'shared/ip'],
  ['shared'],
  ['engine'],
]

/** The parts that run in QuickJS or Node: each has a row in the order. */
export const product = /^(main\.ts$|(cli|netavark|plugins|shared|engine)\/)/
