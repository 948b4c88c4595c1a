/** One action of the dialplan: an application and its argument, before it becomes XML. */
export type Action = readonly [application: string, argument?: string]
