/** What a configuration of ipam-list may say. */

export { config } from '../../shared/ipam/list/config.ts'
