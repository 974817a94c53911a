/** Which part of the project may import which. */

/**
 * From top to bottom: a part imports those in the rows below its own, never one beside it or above. `plugins/*` is each family of
 * plugins, with the folders in it; `shared/ipam` has its folders in it too; a name without a folder is of the files right there.
 */
export const order: readonly (readonly string[])[] = [
  ['engine/node', 'engine/quickjs'],
  ['main.ts'],
  ['cli'],
  ['plugins'],
  ['plugins/*'],
  ['shared/host', 'shared/pair', 'shared/lent', 'shared/device-node'],
  ['shared/link'],
  ['shared/attachment'],
  ['shared/ipam', 'shared/firewall'],
  ['shared/state'],
  ['shared/cni'],
  ['shared/netlink'],
  ['shared/kernel', 'shared/ip'],
  ['shared'],
  ['engine'],
]

/** What QuickJS runs, or Node in its place: these parts have a row in the order. */
export const product = /^(main\.ts$|(cli|plugins|shared|engine)\/)/
