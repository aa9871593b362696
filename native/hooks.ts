/** Hooks of the ladder, best first; the value is what a record's `hook` says. */
export const HOOKS = [
  'fentry:__inet_accept',
  'fentry:security_sock_graft',
  'kprobe:__inet_accept',
  'kprobe:security_sock_graft',
  'tracepoint:sys_exit_accept',
  'tp_btf:sys_exit',
] as const;

export type Hook = (typeof HOOKS)[number];
