/** ipam-list as an executable; other plugins run the same code in their own process. */

export { ipamList } from '../../shared/ipam/list/plugin.ts'
