/** host-local as an executable; other plugins run the same code in their own process. */

export { hostLocal } from '../../shared/ipam/host-local/plugin.ts'
