/** Keys that a JSON text has twice. */

import * as assert from 'uvu/assert'
import { repeatedKey } from '../../../shared/config/repeated-keys.ts'
import { cpuSeconds } from '../../harness/cpu.ts'
import { test } from '../../harness/test.ts'

const cases: [text: string, expected: string | undefined][] = [
  ['{}', undefined],
  ['{"sysctl":{"a":"1","b":"2"}}', undefined],
  ['{"sysctl":{"a":"1","a":"1"}}', 'a'],
  ['{ "sysctl" : { "a" : "1" ,\n"\\u0061": "2" } }', 'a'],
  ['{"SYSCTL":{"a":"1"},"sysctl":{"a":"2"}}', 'a'],
  ['{"sysctl":{"a":"\\"a\\":{","b":"}"}}', undefined],
  ['{"x":{"sysctl":{"a":"1","a":"2"}}}', undefined],
  ['{"x":[{"a":1},{"a":1}],"sysctl":{"a":"1"}}', undefined],
  ['{"sysctl":{"x":{"a":1},"y":{"a":1}}}', undefined],
  ['{"sysctl":{"a":"1"},"other":{"a":"1","a":"1"}}', undefined],
  ['{"a":1,"a":2,"sysctl":null,"b":-1.5e3,"c":true}', undefined],
]

for (const [text, expected] of cases)
  test(`${text}: ${expected}`, () => assert.is(repeatedKey(text, 'sysctl'), expected))

test('a long text takes no time', async () => {
  const routes = Array.from({ length: 20_000 }, (_, index) => ({ dst: `10.${index}.0.0/24`, gw: '"' }))
  const text = JSON.stringify({ routes, sysctl: { a: '1' } })
  assert.ok((await cpuSeconds(() => assert.is(repeatedKey(text, 'sysctl'), undefined))) < 2)
})

test.run()
