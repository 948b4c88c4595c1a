/** What the switch does later, by group (switch_scheduler.c). */
import type { Cancel, Clock } from '../base/clock.ts'

export type Task = { readonly id: number; readonly group: string; readonly runsAtSeconds: number }

export type Tasks = {
  readonly add: (afterMs: number, group: string, act: () => void) => Task
  /** How many were taken away: one by its id in digits, else all of a group. */
  readonly remove: (idOrGroup: string) => number
  readonly all: () => readonly Task[]
}

export const createTasks = (clock: Clock): Tasks => {
  const tasks = new Map<number, Task & { readonly cancel: Cancel }>()
  let last = 0
  return {
    add: (afterMs, group, act) => {
      last += 1
      const id = last
      const task = { id, group, runsAtSeconds: Math.floor((clock.now() + afterMs) / 1_000) }
      const cancel = clock.after(afterMs, () => {
        tasks.delete(id)
        act()
      })
      tasks.set(id, { ...task, cancel })
      return task
    },
    remove: (idOrGroup) => {
      const found = [...tasks.values()].filter(({ id, group }) =>
        /^\d+$/.test(idOrGroup) ? id === Number(idOrGroup) : group === idOrGroup,
      )
      for (const { id, cancel } of found) {
        cancel()
        tasks.delete(id)
      }
      return found.length
    },
    all: () => [...tasks.values()].map(({ id, group, runsAtSeconds }) => ({ id, group, runsAtSeconds })),
  }
}
