/** What to do about an errno that no plugin explains. */

import type { KernelError } from '../kernel/errno.ts'

const privileges =
  'run the plugin as root of the host, with CAP_NET_ADMIN and CAP_SYS_ADMIN; SELinux or AppArmor may refuse too'
const memory = 'the host has no memory left for this: free some, then try again'
const files = 'too many files are open: close some, or raise the limit (ulimit -n, fs.file-max)'

const remedies: Readonly<Record<string, string>> = {
  EPERM: privileges,
  EACCES: privileges,
  ENOSPC: 'the disk or a table of the kernel is full: free space (df, df -i), then try again',
  EDQUOT: 'the quota of the disk is used up: free space, then try again',
  ENOMEM: memory,
  ENOBUFS: memory,
  EMFILE: files,
  ENFILE: files,
  EROFS: 'the file system is mounted read-only: mount it writable',
}

/** The hint for an error of the kernel: by its errno, else which command shows more. */
export function remedyOf({ errno, attempted, see, reproduce }: KernelError): string {
  const known = remedies[errno]
  if (known) return known
  if (reproduce) return 'run the command after "reproduce:" to get the same answer of the kernel'
  if (see) return 'run the command after "see:" to look at the state that the kernel refused'
  if (errno === 'ENOENT' && attempted.startsWith('open '))
    return 'there is no file, or no directory, of this name'
  return "the kernel's log may say more: dmesg"
}
