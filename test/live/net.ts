/** Ports that are free for UDP and TCP alike, and knowing when somebody has taken one. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from '../../src/base/errors.ts'

const given = new Set<number>()

/** Below the range from which the kernel takes ports by itself, so that nobody takes it before it is used. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < 200; tries++) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error('no port is free')
}

/** The first of `count` ports in a row, for RTP. */
export const freeRange = async (count: number): Promise<number> => {
  for (let tries = 0; tries < 50; tries++) {
    const first = 40_000 + 2 * Math.floor(Math.random() * 8_000)
    if (await isFree(first)) return Math.min(first, 65_535 - count)
  }
  throw new Error('no ports are free')
}

const isFree = async (port: number): Promise<boolean> => {
  const udp = createSocket('udp4')
  const tcp = createServer()
  try {
    udp.bind(port, '127.0.0.1')
    await once(udp, 'listening')
    tcp.listen(port, '127.0.0.1')
    await once(tcp, 'listening')
    return true
  } catch (fault) {
    if (asError(fault).message.includes('EADDRINUSE')) return false
    throw fault
  } finally {
    udp.close()
    tcp.close()
  }
}

/** Whether a UDP socket is bound to the port; /proc, because asking by binding would take it. */
export const isBound = (port: number): boolean => {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  return ['/proc/net/udp', '/proc/net/udp6'].some((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => line.slice(0, 60).includes(wanted)),
  )
}

/** Resolves with the first result that is neither undefined nor false; throws after `timeoutMs`, saying for what it waited. */
export const until = async <Result>(
  what: string,
  look: () => Result | undefined | false | Promise<Result | undefined | false>,
  timeoutMs = 10_000,
): Promise<Result> => {
  const end = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await sleep(20)
  }
}
