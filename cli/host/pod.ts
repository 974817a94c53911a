/** The pod of an attachment, as kubelets' runtimes and podman 4 name it in CNI_ARGS. */

import { splitArgs } from '../../shared/cni/args.ts'

/** `NAMESPACE/NAME`; the name alone when there is no namespace; undefined without a name. */
export function podOf(args: string): string | undefined {
  const { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name } = splitArgs(args)
  if (!name) return undefined
  return namespace ? `${namespace}/${name}` : name
}
