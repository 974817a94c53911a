/** The only function of Node's `os` that netlink's codecs use. */

export const endianness = () => 'LE'
