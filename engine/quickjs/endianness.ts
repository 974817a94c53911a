/** All that netlink's codecs ask of Node's `os`. */

export const endianness = () => 'LE'
