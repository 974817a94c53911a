/** Names that follow from the VNI. */

/** The name of a VNI's VTEP on this host, at most ten characters. */
export function vtepName(vni: number): string {
  return `vx${vni}`
}
