/** Bans as text that a firewall reads. */
import { isIP } from 'node:net'
import type { Ban } from './doors.ts'

/** One address a line. */
export const plainBanList = (bans: readonly Ban[]): string =>
  addresses(bans)
    .map(({ address }) => `${address}\n`)
    .join('')

/**
 * A whole script for `nft -f -` that may be run again and again: the bans are elements with the time that is
 * left of them, in a table of ours.
 */
export const nftablesBanList = (bans: readonly Ban[], now: number): string => {
  const elements = (version: number): string =>
    addresses(bans)
      .filter(({ address }) => isIP(address) === version)
      .map(
        ({ address, until }) =>
          `add element inet strowger banned${version} { ${address} timeout ${Math.max(1, Math.ceil((until - now) / 1000))}s }\n`,
      )
      .join('')
  return `table inet strowger {
	set banned4 {
		type ipv4_addr
		flags timeout
	}
	set banned6 {
		type ipv6_addr
		flags timeout
	}
	chain input {
		type filter hook input priority -10; policy accept;
	}
}
flush chain inet strowger input
add rule inet strowger input ip saddr @banned4 drop
add rule inet strowger input ip6 saddr @banned6 drop
flush set inet strowger banned4
flush set inet strowger banned6
${elements(4)}${elements(6)}`
}

/** Only addresses get into a text that root runs; a zone (`fe80::1%eth0`) does not. */
const addresses = (bans: readonly Ban[]): readonly Ban[] =>
  bans.filter(({ address }) => isIP(address) !== 0 && !address.includes('%'))
