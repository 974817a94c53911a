/** The commands of a team's options can be pasted. */

import * as assert from 'uvu/assert'
import { optionCommand } from '../../../shared/netlink/team.ts'
import { test } from '../../harness/test.ts'

const team = { index: 7, name: 'eth0' }
const port = { port: 8, portName: 'net1' }

test('a command names the port', () => {
  assert.is(
    optionCommand(team, { name: 'enabled', value: true, ...port }),
    'teamnl -p net1 -- eth0 setoption enabled true',
  )
  assert.is(
    optionCommand(team, { name: 'priority', value: -5, signed: true, ...port }),
    'teamnl -p net1 -- eth0 setoption priority -5',
  )
})

test('there is no command for a program', () => {
  assert.is(optionCommand(team, { name: 'bpf_hash_func', value: Buffer.alloc(8) }), undefined)
})

test.run()
