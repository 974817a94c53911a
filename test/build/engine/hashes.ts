/** XXH64 of texts, by the xxHash library (`printf TEXT | xxhsum -H64`): less than a stripe of 32 bytes, one and two stripes, and a rest. */

export const hashes: Readonly<Record<string, string>> = {
  '': 'ef46db3751d8e999',
  a: 'd24ec4f1a98c6e5b',
  abc: '44bc2cf5ad770999',
  'dataplane-of-the-storage-networkMvp0': '6131d7588830a108',
  'Call me Ishmael. Some years ago--never mind how long precisely-': '02a2e85470d6fd96',
  '0123456789abcdef0123456789abcdef': '642a94958e71e6c5',
  '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef': '1af3ac4760fe2f85',
}
