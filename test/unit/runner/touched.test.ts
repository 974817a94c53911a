import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { touchedBy } from '../../runner/touched.ts'

const imports = [
  { from: 'plugins/vlan/plugin.ts', to: 'plugins/vlan/config.ts' },
  { from: 'plugins/vlan/plugin.ts', to: 'shared/link/parent.ts' },
  { from: 'plugins/macvlan/plugin.ts', to: 'shared/link/parent.ts' },
  { from: 'test/unit/link/parent.test.ts', to: 'shared/link/parent.ts' },
  { from: 'test/unit/vlan/config.test.ts', to: 'plugins/vlan/config.ts' },
  { from: 'test/kernel/vlan.test.ts', to: 'test/harness/vlan.ts' },
  { from: 'test/harness/vlan.ts', to: 'shared/link/parent.ts' },
]
const tests = [
  'test/unit/link/parent.test.ts',
  'test/unit/vlan/config.test.ts',
  'test/kernel/macvlan.test.ts',
  'test/kernel/macvlan-del.test.ts',
  'test/kernel/vlan.test.ts',
  'test/kernel/vlan-del.test.ts',
]
const touched = (...changed: string[]) => touchedBy(changed, imports, tests)

test('a change in a plugin’s folder touches its unit tests and all its kernel tests', () => {
  assert.equal(touched('plugins/vlan/config.ts'), [
    'test/unit/vlan/config.test.ts',
    'test/kernel/vlan.test.ts',
    'test/kernel/vlan-del.test.ts',
  ])
})

test('a change in shared code touches its unit tests, and one kernel test of each plugin that uses it', () => {
  assert.equal(touched('shared/link/parent.ts'), [
    'test/unit/link/parent.test.ts',
    'test/kernel/macvlan.test.ts',
    'test/kernel/vlan.test.ts',
  ])
})

test('a change in the harness or in a test touches the tests that use it', () => {
  assert.equal(touched('test/harness/vlan.ts'), ['test/kernel/vlan.test.ts'])
  assert.equal(touched('test/kernel/vlan-del.test.ts'), ['test/kernel/vlan-del.test.ts'])
})

test.run()
