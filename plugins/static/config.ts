/** What a configuration of static may say. */

export { config } from '../../shared/ipam/static/config.ts'
