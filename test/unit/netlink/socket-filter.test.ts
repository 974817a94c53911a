/** Filters of sockets (shared/netlink/socket-filter.ts). */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { close } from '../../../shared/kernel/files.ts'
import { must } from '../../../shared/kernel/syscall.ts'
import { attachFilter, filterProgram } from '../../../shared/netlink/socket-filter.ts'
import { test } from '../../harness/test.ts'

const [AF_INET, SOCK_DGRAM, RET] = [2, 2, 0x06]
const PAGE = 4096

/** Pages of this process's address space, proc_pid_statm(5). */
const pages = () => Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0])

test('a filter keeps no memory mapped: patchbay dhcp attaches one for each question to all servers', () => {
  const fd = must('open a socket', 'socket', AF_INET, SOCK_DGRAM, 0)
  const times = 3000
  const attach = () => {
    for (let nth = 0; nth < times; nth++) attachFilter(fd, filterProgram([[RET, 0, 0, 1]]))
  }
  attach()
  const before = pages()
  attach()
  const grown = pages() - before
  close(fd)
  assert.ok(grown < times / 2, `${(grown * PAGE) / 1024} KiB more`)
})

test.run()
