/** Extensions of freeswitch-conf/dialplan/control.xml: where a leg waits that talks with nobody. They need no engine. */
export const CONTROL_CONTEXT = 'control'
/** Music until somebody comes. */
export const WAITING = 'waiting'
/** Ring-back, for who waits for the party that he consults; then back to whom he left. */
export const RINGING = 'ringing'
/** Back to the party that waits. */
export const BACK = 'back'
/** The conference that the channel's variable names. */
export const CONFERENCE = 'conference'
export const CONFERENCE_PROFILE = 'control'
