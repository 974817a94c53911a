/** Why traffic control refused: a qdisc that is there already, or a part that the kernel lacks. */

import { CniError, Code, type Complaint, factsOf } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import type { Link } from '../../shared/netlink/link.ts'

/** @param lacking what the kernel lacks if it knows no such part @returns what to throw */
export function explained(error: unknown, link: Link, lacking: readonly string[]): unknown {
  if (isErrno(error, 'EEXIST'))
    return new CniError(Code.Internal, {
      msg: `${link.name} has a qdisc already: run DEL first`,
      hint: 'an earlier ADD was not followed by DEL, or another tool shapes the interface',
      ...factsOf(error),
    })
  return isErrno(error, 'ENOENT', 'EOPNOTSUPP') ? missing(lacking, factsOf(error)) : error
}

const modules: Readonly<Record<string, string>> = { u32: 'cls_u32', mirred: 'act_mirred' }

/** The error for parts of traffic control that the kernel neither has nor can load. @param what `fq_codel` */
export function missing(what: readonly string[], facts: Omit<Complaint, 'msg'> = {}): CniError {
  const names = what.join(', ')
  const loads = what.map((name) => modules[name] ?? `sch_${name}`).join(' ')
  return new CniError(Code.PluginNotAvailable, {
    msg: `this kernel has no ${names} for traffic control: load its module`,
    hint: `load what is missing (modprobe -a ${loads}), or install the package of the kernel's extra modules`,
    ...facts,
  })
}
