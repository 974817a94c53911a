/** Matches of nftables rules besides addresses: interfaces, the family of a packet, the state of its connection. */

import { putU32 } from 'netlink/dist/structs.js'
import {
  expression,
  NFT_CMP_EQ,
  NFT_REG32_00,
  type Selector,
  type Statement,
  value,
} from './nftables-statements.ts'
import { ifnameBytes } from './nftables-types.ts'

/** Keys of `meta` and `ct`, include/uapi/linux/netfilter/nf_tables.h. */
const [NFT_META_OIFNAME, NFT_META_NFPROTO, NFT_CT_STATE] = [7, 15, 0]
const NFT_CMP_NEQ = 1
/** NFPROTO_IPV4 and NFPROTO_IPV6, include/uapi/linux/netfilter.h. */
const protocols = { 4: 2, 6: 10 } as const
/** NF_CT_STATE_BIT of established and related, include/uapi/linux/netfilter/nf_conntrack_common.h. */
const ESTABLISHED_OR_RELATED = 2 | 4

export const oifname: Selector = {
  words: 'oifname',
  length: 16,
  load: (register) => expression('meta', register, NFT_META_OIFNAME),
}

/** `oifname "br0"` */
export function isInterface(selector: Selector, name: string): Statement {
  return {
    words: `${selector.words} ${JSON.stringify(name)}`,
    expressions: [
      selector.load(NFT_REG32_00),
      expression('cmp', NFT_REG32_00, NFT_CMP_EQ, value(ifnameBytes(name))),
    ],
  }
}

/** `meta nfproto ipv4`: in a table of family `inet` it comes before a match of addresses. */
export function isFamily(family: 4 | 6): Statement {
  return {
    words: `meta nfproto ipv${family}`,
    expressions: [
      expression('meta', NFT_REG32_00, NFT_META_NFPROTO),
      expression('cmp', NFT_REG32_00, NFT_CMP_EQ, value(Buffer.from([protocols[family]]))),
    ],
  }
}

/** `ct state established,related` */
export const isReply: Statement = {
  words: 'ct state established,related',
  expressions: [
    expression('ct', NFT_REG32_00, NFT_CT_STATE),
    expression(
      'bitwise',
      NFT_REG32_00,
      NFT_REG32_00,
      4,
      value(putU32(ESTABLISHED_OR_RELATED)),
      value(Buffer.alloc(4)),
    ),
    expression('cmp', NFT_REG32_00, NFT_CMP_NEQ, value(Buffer.alloc(4))),
  ],
}
