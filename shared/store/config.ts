/** The `store` section of a configuration: where etcd is, and how it is entered. */

import {
  describe,
  list,
  type Output,
  object,
  optional,
  path,
  pattern,
  withDefault,
} from '../config/schema.ts'
import { hostName } from './words.ts'

const endpoint = pattern(
  'a URL of etcd such as https://192.0.2.1:2379',
  /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?\/?$/,
)

export const store = object({
  endpoints: describe(list(endpoint), 'The members of etcd: the others are asked when one does not answer.'),
  ca: describe(optional(path), "File with the certificates that sign the members'. Default: the system's."),
  cert: describe(optional(path), "File with this host's client certificate. Needs `key`."),
  key: describe(
    optional(path),
    "File with the client certificate's key. It is refused when others than root can read it.",
  ),
  prefix: describe(
    withDefault(pattern('a key that begins and ends with /', /^\/([\x21-\x2e\x30-\x7e]+\/)+$/), '/patchbay/'),
    'What all keys begin with: users of one etcd with different prefixes know nothing of each other.',
  ),
  host: describe(optional(hostName), "This host's name in the store. Default: the kernel's host name."),
})

export type StoreConfig = Output<typeof store>
