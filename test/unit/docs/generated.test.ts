import { existsSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { documents } from '../../../scripts/docs.ts'
import { jsonSchema } from '../../../shared/config/jsonschema.ts'
import { keyTable } from '../../../shared/config/keytable.ts'
import {
  describe,
  integer,
  list,
  mac,
  object,
  oneOf,
  optional,
  record,
  string,
} from '../../../shared/config/schema.ts'
import { test } from '../../harness/test.ts'
import { echo } from '../cni/fixtures/plugin.ts'

const root = new URL('../../..', import.meta.url).pathname

test('tables of keys and JSON Schemas are up to date: npm run docs', async () => {
  for (const [path, text] of await documents()) {
    assert.ok(existsSync(root + path), `${path} is missing: npm run docs`)
    assert.ok(readFileSync(root + path, 'utf8') === text, `${path} is out of date: npm run docs`)
  }
})

test('a table has type, default and meaning of each described key, inner ones with their path', () => {
  const entry = object({ id: describe(integer({ min: 1, max: 9 }), 'Its number.'), silent: string })
  const shape = {
    mode: describe(optional(oneOf('a', 'b')), 'One | other.'),
    entries: describe(list(list(entry)), 'What there is.'),
    sysctl: describe(optional(record(string)), 'Settings.'),
    hidden: optional(mac),
  }
  assert.equal(keyTable(shape).split('\n'), [
    '| key              | type                   | default  | meaning        |',
    '| ---------------- | ---------------------- | -------- | -------------- |',
    '| `mode`           | `"a"`, `"b"`           |          | One \\| other.  |',
    '| `entries`        | list of list of object | required | What there is. |',
    '| `entries[][].id` | integer, 1 to 9        | required | Its number.    |',
    '| `sysctl`         | map of string          |          | Settings.      |',
  ])
})

test('a JSON Schema has types, bounds, defaults and descriptions', () => {
  const { title, properties } = jsonSchema(echo()) as { title: string; properties: Record<string, unknown> }
  assert.is(title, 'echo')
  assert.equal(properties.vlan, {
    type: 'integer',
    minimum: 0,
    maximum: 4094,
    description: 'VLAN of the port.',
  })
  assert.equal(properties.hairpinMode, {
    type: 'boolean',
    default: false,
    description: 'Whether a port sends back.',
  })
  assert.equal((properties.mode as { enum: string[] }).enum, ['plain', 'fancy'])
  assert.is((properties.bridge as { maxLength: number }).maxLength, 15)
})

test.run()
