/**
 * Text of a file as it may stand in a message, a log or on a terminal: control characters, lone surrogates and what
 * turns the direction of writing are shown as U+FFFD. At most `most` characters.
 */
export const visible = (text: string, most: number): string => {
  const short = text.length > most ? `${text.slice(0, most)}...` : text
  // eslint-disable-next-line no-control-regex -- they are what goes
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu, '\ufffd')
}
