/** Node's `Buffer`, which QuickJS lacks: the build puts this in wherever the name is used. */

export { Buffer } from 'buffer'
