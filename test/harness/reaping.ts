/**
 * In front of the first program of a process namespace: a shell, which reaps orphans, as init does on a host. Node does not. Patchbay's
 * helpers become orphans.
 */
export const reaping = ['sh', '-c', '"$@"; exit $?', 'sh'] as const
