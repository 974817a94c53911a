/** What a configuration of host-local may say. */

export { config } from '../../shared/ipam/host-local/config.ts'
