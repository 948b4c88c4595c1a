/** A variable of the environment: what it is for, and what counts where it is unset. */
export type Variable = { readonly name: string; readonly describe: string; readonly fallback: string }
