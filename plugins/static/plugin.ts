/** static as an executable; other plugins run the same code in their own process. */

export { staticIpam } from '../../shared/ipam/static/plugin.ts'
